import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/**
 * What a consumer process writes down, one JSON line each. Times are epoch ms. `partition` and `offset` are those of the
 * message's origin.
 */
export type HistoryLine = { readonly at: number; readonly consumer: string } & (
  | {
      readonly type: 'begun';
      readonly call: number;
      readonly key: string;
      readonly seq: number;
      readonly partition: number;
      readonly offset: number;
      readonly attempt: number;
      readonly redelivered: boolean;
    }
  | { readonly type: 'ended'; readonly call: number; readonly result: 'succeeded' | 'failed' }
  /** The service has answered that it knows of the success: from then on the message must not come again. */
  | { readonly type: 'recorded'; readonly partition: number; readonly offset: number }
  | { readonly type: 'assigned'; readonly partitions: readonly number[] }
);

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
  begun(entry: {
    key: string;
    seq: number;
    partition: number;
    offset: number;
    attempt: number;
    redelivered: boolean;
  }): number {
    this.#calls += 1;
    this.#write({ type: 'begun', call: this.#calls, ...entry });
    return this.#calls;
  }

  ended(call: number, result: 'succeeded' | 'failed'): void {
    this.#write({ type: 'ended', call, result });
  }

  recorded(partition: number, offset: number): void {
    this.#write({ type: 'recorded', partition, offset });
  }

  assigned(partitions: readonly number[]): void {
    this.#write({ type: 'assigned', partitions });
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(entry: object): void {
    // The wall clock, because it is the same one in all processes of a machine.
    writeSync(this.#file, `${JSON.stringify({ at: Date.now(), consumer: this.#consumer, ...entry })}\n`);
  }
}

const CHUNK = 1 << 20;

/** Follows one file while it is being written. The file need not be there yet. */
export class HistoryFollower<Line = HistoryLine> {
  readonly #path: string;
  #file: number | undefined;
  #rest = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /** What was added since the last call. A line without its end stays for the next one. */
  more(): Line[] {
    const file = this.#open();
    if (file === undefined) return [];
    const parts = [this.#rest];
    for (;;) {
      const chunk = Buffer.alloc(CHUNK);
      const length = readSync(file, chunk, 0, CHUNK, null);
      if (length === 0) break;
      parts.push(chunk.subarray(0, length));
    }
    const all = Buffer.concat(parts);
    const end = all.lastIndexOf('\n') + 1;
    this.#rest = all.subarray(end);
    const lines = all.subarray(0, end).toString('utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): number | undefined {
    try {
      this.#file ??= openSync(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return this.#file;
  }
}
