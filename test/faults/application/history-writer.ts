import { openSync, writeSync } from 'node:fs';
import type { ConsumerLine } from '../history.ts';

type Line<Type> = Omit<Extract<ConsumerLine, { type: Type }>, 'at' | 'consumer' | 'type' | 'call'>;

/** Writes before it returns, so that what a killed process had done is in the file. */
export class HistoryWriter {
  readonly #consumer: string;
  readonly #file: number;
  #calls = 0;

  constructor(path: string, consumer: string) {
    this.#consumer = consumer;
    this.#file = openSync(path, 'a');
  }

  /** Returns the number of the call, for `ended`. */
  begun(line: Line<'begun'>): number {
    this.#calls += 1;
    this.#write({ type: 'begun', call: this.#calls, ...line });
    return this.#calls;
  }

  ended(call: number, result: 'succeeded' | 'failed'): void {
    this.#write({ type: 'ended', call, result });
  }

  recorded(line: Line<'recorded'>): void {
    this.#write({ type: 'recorded', ...line });
  }

  moved(type: 'assigned' | 'revoked', route: string, partitions: readonly number[]): void {
    this.#write({ type, route, partitions });
  }

  #write(line: object): void {
    writeSync(this.#file, `${JSON.stringify({ at: Date.now(), consumer: this.#consumer, ...line })}\n`);
  }
}
