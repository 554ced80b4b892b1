/** What a consumer process is started with, as JSON in its only argument. */
export interface ConsumerSettings {
  /** Of this life of the process. */
  readonly name: string;
  readonly brokers: readonly string[];
  readonly services: readonly string[];
  readonly historyFile: string;
  /** The module of the gate, as it is built. */
  readonly gate: string;
  readonly seed: number;
  readonly loadMs: number;
  /** Once this file is there, nothing fails for ever any more. */
  readonly mendedFile: string;
}
