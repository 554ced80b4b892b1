import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { KafkaOffsets } from '../kafka/offsets.ts';
import { Recurring } from '../recurring.ts';

interface LaggingShard {
  readonly partition: number;
  /** The next retry-topic offset to read, as far as known; null: nobody has said yet. */
  readonly lastCursor: number | null;
}

interface Deps {
  readonly offsets: Pick<KafkaOffsets, 'committed' | 'ranges'>;
  readonly consumerGroup: string;
  readonly mainTopic: string;
  readonly retryTopic: string;
  /** Those that this replica owns. */
  readonly shards: () => readonly LaggingShard[];
  /** Of the retry record at that offset, epoch ms; null: it is not there. */
  readonly timestampOf: (partition: number, offset: number) => Promise<number | null>;
  readonly clock: Clock;
}

/** A figure, and when it was read (monotonic). */
interface Reading {
  readonly value: number;
  readonly at: number;
}

const INTERVAL = 5_000;
/** Nobody knows any more what was read so long ago, ms. */
const STALE = 30_000;

/**
 * How far the route's group is behind the main topic, and the box behind the retry topic: asked of Kafka every few seconds,
 * for the shards that this replica owns.
 */
export class LagReadings implements Component {
  readonly #deps: Deps;
  readonly #looks: Recurring;
  readonly #consumerLag = new Map<number, Reading>();
  readonly #drift = new Map<number, Reading>();
  /** Of the retry partitions, at the look before. */
  readonly #ends = new Map<number, number>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#looks = new Recurring({ interval: INTERVAL, look: () => this.#look(), clock: deps.clock });
  }

  start(): Promise<void> {
    return this.#looks.start();
  }

  stop(): Promise<void> {
    return this.#looks.stop();
  }

  /** Records that the group has not committed. null: nobody knows, or it has committed nothing. */
  consumerLag(partition: number): number | null {
    return this.#fresh(this.#consumerLag.get(partition));
  }

  /** Age of the first record that is not in the box, seconds; 0: none has waited since the look before. null: nobody knows. */
  drift(partition: number): number | null {
    return this.#fresh(this.#drift.get(partition));
  }

  /** Another replica owns it now. */
  forget(partition: number): void {
    for (const each of [this.#consumerLag, this.#drift, this.#ends]) each.delete(partition);
  }

  #fresh(reading: Reading | undefined): number | null {
    if (reading === undefined || this.#deps.clock.monotonic() - reading.at > STALE) return null;
    return reading.value;
  }

  /** Each on its own: one may be known without the other. Kafka's silence is told by others. */
  async #look(): Promise<void> {
    if (this.#deps.shards().length === 0) return;
    await Promise.allSettled([this.#lookAtGroup(), this.#lookAtCursors()]);
  }

  async #lookAtGroup(): Promise<void> {
    const { offsets, consumerGroup, mainTopic, shards } = this.#deps;
    // In this order: what is committed meanwhile must not make the lag negative, and may make it too large for a moment.
    const committed = await offsets.committed(consumerGroup, mainTopic);
    const ranges = await offsets.ranges(mainTopic);
    for (const { partition } of shards()) {
      const [offset, end] = [committed.get(partition), ranges.get(partition)?.end];
      if (offset === undefined || end === undefined) this.#consumerLag.delete(partition);
      else this.#note(this.#consumerLag, partition, Math.max(0, end - offset));
    }
  }

  async #lookAtCursors(): Promise<void> {
    const { offsets, retryTopic, shards } = this.#deps;
    const ranges = await offsets.ranges(retryTopic);
    await Promise.allSettled(
      shards().map(async ({ partition, lastCursor }) => {
        const end = ranges.get(partition)?.end;
        if (end === undefined || lastCursor === null) return;
        const before = this.#ends.get(partition) ?? end;
        this.#ends.set(partition, end);
        const drift = lastCursor >= Math.min(before, end) ? 0 : await this.#ageOf(partition, lastCursor);
        if (drift !== null && this.#ends.has(partition)) this.#note(this.#drift, partition, drift);
      }),
    );
  }

  async #ageOf(partition: number, offset: number): Promise<number | null> {
    const { timestampOf, clock } = this.#deps;
    const timestamp = await timestampOf(partition, offset);
    return timestamp === null ? null : Math.max(0, (clock.now() - timestamp) / 1_000);
  }

  #note(readings: Map<number, Reading>, partition: number, value: number): void {
    readings.set(partition, { value, at: this.#deps.clock.monotonic() });
  }
}
