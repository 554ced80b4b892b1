import type { Names } from './topics.ts';

/** What a consumer process is started with, as JSON in its only argument. */
export interface ConsumerSettings {
  readonly name: string;
  readonly brokers: readonly string[];
  readonly service: string;
  readonly route: string;
  readonly names: Names;
  readonly historyFile: string;
  readonly sessionTimeoutMs: number;
  readonly seed: number;
  readonly poisonKey: string;
}
