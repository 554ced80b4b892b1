import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import { OrchestratorError } from '../errors.ts';
import type { KafkaRecord } from '../domain/record.ts';
import type { AssignedConsumer } from '../kafka/assigned-consumer.ts';

interface Deps {
  /** Connected with the first read. */
  readonly open: () => AssignedConsumer;
  readonly topic: string;
  readonly clock: Clock;
}

/** A part of a partition of the dead-letter topic. */
export interface Part {
  /** In order, markers included. */
  readonly records: readonly KafkaRecord[];
  /** Where to go on: everything before has been read, or is not there. */
  readonly next: number;
  /** There is nothing behind it now. */
  readonly atEnd: boolean;
}

const DEADLINE = 10_000;
const BATCH = 500;

/**
 * Reads a dead-letter topic by offset, on a consumer of its own. One read at a time; one that goes on where the last ended
 * costs nothing to begin.
 */
export class DeadLetterReader implements Component {
  readonly #deps: Deps;
  #consumer: AssignedConsumer | null = null;
  #at: { readonly partition: number; readonly next: number } | null = null;
  /** Read and not handed out. */
  #kept: KafkaRecord[] = [];
  #end = -1;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.#consumer?.close();
    this.#consumer = null;
  }

  /**
   * From offset `from` on, at most `limit` records of at most `maxBytes` together, the first whatever its size.
   * @throws OrchestratorError UNAVAILABLE where Kafka does not answer in time.
   */
  read(partition: number, from: number, limit: number, maxBytes: number): Promise<Part> {
    const reading = this.#last.then(() => this.#read(partition, from, limit, maxBytes));
    this.#last = reading.catch(() => undefined);
    return reading;
  }

  async #read(partition: number, from: number, limit: number, maxBytes: number): Promise<Part> {
    const { clock } = this.#deps;
    try {
      const consumer = await this.#positioned(partition, from);
      const deadline = clock.monotonic() + DEADLINE;
      const records: KafkaRecord[] = [];
      let next = from;
      let bytes = 0;
      for (;;) {
        for (let record = this.#kept[0]; record !== undefined; record = this.#kept[0]) {
          const size = sizeOf(record);
          const full = records.length >= limit || (records.length > 0 && bytes + size > maxBytes);
          if (full) return this.#handOut(partition, records, next);
          this.#kept.shift();
          records.push(record);
          bytes += size;
          next = record.offset + 1;
        }
        if (this.#end >= next) return this.#handOut(partition, records, Math.max(next, this.#end));
        if (records.length >= limit || bytes >= maxBytes) return this.#handOut(partition, records, next);
        const left = deadline - clock.monotonic();
        if (left <= 0) break;
        const read = await consumer.read(BATCH, left);
        this.#kept = read.records.filter((record) => record.partition === partition && record.offset >= next);
        // An offset behind the end has nothing, whatever the client is reset to.
        for (const end of read.ends) {
          if (end.partition === partition)
            this.#end = end.offset < next && this.#kept.length === 0 ? next : end.offset;
        }
      }
    } catch (error) {
      this.#at = null;
      throw new OrchestratorError('UNAVAILABLE', 'the dead-letter topic could not be read', {
        cause: error,
        retryAfterMs: 1_000,
      });
    }
    this.#at = null;
    throw new OrchestratorError('UNAVAILABLE', 'the dead-letter topic could not be read in time', {
      retryAfterMs: 1_000,
    });
  }

  #handOut(partition: number, records: readonly KafkaRecord[], next: number): Part {
    this.#at = { partition, next };
    return { records, next, atEnd: this.#kept.length === 0 && this.#end >= next };
  }

  async #positioned(partition: number, from: number): Promise<AssignedConsumer> {
    this.#consumer ??= this.#deps.open();
    await this.#consumer.connect();
    const goesOn = this.#at?.partition === partition && this.#at.next === from;
    this.#at = null;
    // At its end the client has said so once, and says it again only after more has come.
    if (!goesOn || (this.#kept.length === 0 && this.#end >= from)) {
      this.#kept = [];
      this.#end = -1;
      this.#consumer.assign([{ topic: this.#deps.topic, partition, offset: from }]);
    }
    return this.#consumer;
  }
}

function sizeOf({ key, value, headers }: KafkaRecord): number {
  return headers.reduce(
    (sum, [name, bytes]) => sum + name.length + bytes.length,
    (key?.length ?? 0) + (value?.length ?? 0),
  );
}
