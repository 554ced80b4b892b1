import type { Clock } from '../clock.ts';
import type { KafkaRecord } from '../domain/record.ts';
import type { AssignedConsumer } from './assigned-consumer.ts';

/** Offsets of one partition: from the first on, up to and without the last. */
export interface OffsetsOf {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

interface Deps {
  readonly consumer: Pick<AssignedConsumer, 'connect' | 'assign' | 'read' | 'close'>;
  readonly topic: string;
  readonly clock: Clock;
}

/** Reads parts of a topic to their end, several partitions side by side, each in its order. */
export class RangeReader implements AsyncDisposable {
  readonly #deps: Deps;
  readonly #left = new Map<number, OffsetsOf>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Reads these from now on, and nothing that was asked for before. One range for each partition at most. */
  async assign(ranges: readonly OffsetsOf[]): Promise<void> {
    const { consumer, topic } = this.#deps;
    await consumer.connect();
    this.#left.clear();
    for (const range of ranges) if (range.from < range.to) this.#left.set(range.partition, range);
    consumer.assign(
      [...this.#left.values()].map(({ partition, from }) => ({ topic, partition, offset: from })),
    );
  }

  /**
   * Up to so many of the next records, none if none came within `patience` (ms); null: all was read. What retention or
   * compaction removed is passed over.
   */
  async next(limit: number, patience: number): Promise<readonly KafkaRecord[] | null> {
    const { consumer, clock } = this.#deps;
    const deadline = clock.monotonic() + patience;
    while (this.#left.size > 0) {
      const { records, ends } = await consumer.read(limit, Math.max(0, deadline - clock.monotonic()));
      const wanted = records.filter((record) => this.#take(record));
      for (const { partition, offset } of ends) {
        if (offset >= (this.#left.get(partition)?.to ?? Infinity)) this.#left.delete(partition);
      }
      if (wanted.length > 0 || clock.monotonic() >= deadline) return wanted;
    }
    return null;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#deps.consumer.close();
  }

  #take({ partition, offset }: KafkaRecord): boolean {
    const range = this.#left.get(partition);
    if (range === undefined || offset < range.from) return false;
    if (offset >= range.to - 1) this.#left.delete(partition);
    return offset < range.to;
  }
}
