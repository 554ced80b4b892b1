import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { KafkaRecord } from '../domain/record.ts';
import { OrchestratorError } from '../errors.ts';
import type { Range } from '../kafka/offsets.ts';
import type { RangeReader } from '../kafka/range-reader.ts';
import type { Position } from './dead-letter.ts';

interface Deps {
  /** Connected with the first read. */
  readonly open: () => RangeReader;
  /** First offsets and ends of the topic, asked of Kafka now. */
  readonly ranges: () => Promise<ReadonlyMap<number, Range>>;
  readonly clock: Clock;
}

const DEADLINE = 10_000;
/** That nothing is there is believed the second time: once a reader that had just connected came to the end at once. */
const LOOKS = 2;

/** Reads single records of a dead-letter topic, one at a time, for those who look at them. */
export class RecordReader implements Component {
  readonly #deps: Deps;
  #reader: RangeReader | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.#reader?.[Symbol.asyncDispose]();
    this.#reader = null;
  }

  /** null: there is no record, or none any more. @throws OrchestratorError UNAVAILABLE where Kafka does not answer in time. */
  read(position: Position): Promise<KafkaRecord | null> {
    const reading = this.#last.then(() => this.#read(position));
    this.#last = reading.catch(() => undefined);
    return reading;
  }

  async #read({ partition, offset }: Position): Promise<KafkaRecord | null> {
    const { open, ranges, clock } = this.#deps;
    try {
      const range = (await ranges()).get(partition);
      if (range === undefined || offset < range.first || offset >= range.end) return null;
      this.#reader ??= open();
      const deadline = clock.monotonic() + DEADLINE;
      for (let looks = 0; looks < LOOKS; looks++) {
        await this.#reader.assign([{ partition, from: offset, to: offset + 1 }]);
        for (let left = DEADLINE; left > 0; left = deadline - clock.monotonic()) {
          const records = await this.#reader.next(1, left);
          if (records === null) break;
          const [record] = records;
          if (record !== undefined) return record;
        }
      }
      if (clock.monotonic() < deadline) return null;
    } catch (error) {
      throw unreadable(error);
    }
    throw unreadable(new Error('Kafka did not answer in time'));
  }
}

function unreadable(cause: unknown): OrchestratorError {
  return new OrchestratorError('UNAVAILABLE', 'the dead-letter topic could not be read', {
    cause,
    retryAfterMs: 1_000,
  });
}
