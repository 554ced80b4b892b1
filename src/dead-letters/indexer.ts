import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { KafkaRecord } from '../domain/record.ts';
import type { AssignedConsumer } from '../kafka/assigned-consumer.ts';
import type { Logger } from '../logger.ts';
import { Trouble } from '../trouble.ts';
import { readDeadLetter } from './dead-letter.ts';
import type { DeadLetterIndex } from './dead-letter-index.ts';
import type { IndexWriter, SeenTopic, Taken, Written } from './index-writer.ts';
import { isMarker, readMarker } from './marker.ts';
import type { Marker } from './marker.ts';

interface Deps {
  readonly index: Pick<DeadLetterIndex, 'state'>;
  readonly writer: Pick<IndexWriter, 'take' | 'write' | 'settle' | 'forget'>;
  /** First offsets and ends of the topic, asked of Kafka now. */
  readonly ranges: () => Promise<SeenTopic['ranges']>;
  readonly open: () => Pick<
    AssignedConsumer,
    'connect' | 'close' | 'assign' | 'read' | 'interrupt' | 'waitForInterrupt'
  >;
  readonly topic: string;
  readonly route: string;
  /** Whether this replica reads a partition of the dead-letter topic now. */
  readonly reads: (partition: number) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Records in one script: 1 to 2 ms of Redis, and a little more of this process. */
const BATCH = 100;
const READ = 200;
/** How long to wait for records, ms: what others have settled is counted this often, too. */
const PATIENCE = 1_000;
const COUNT_INTERVAL = 500;
const AGAIN = 500;

/**
 * Keeps the index of a route's dead letters: reads the dead-letter topic, beside all groups, where this replica owns the
 * route's shards. It is in no hurry: between two scripts it leaves Redis as much time as the last one took.
 */
export class DeadLetterIndexer implements Component {
  readonly #deps: Deps;
  readonly #consumer: ReturnType<Deps['open']>;
  readonly #trouble: Trouble;
  readonly #abort = new AbortController();
  #running: Promise<void> | null = null;
  #topic: SeenTopic | null = null;
  /** It was seen anew since the last step. */
  #seen = false;
  /** What is being read; null: it has to be taken. */
  #taken: (Taken & { readonly from: SeenTopic }) | null = null;
  #depth = 0;
  #countedAt = -Infinity;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#consumer = deps.open();
    this.#trouble = new Trouble(deps.logger);
  }

  start(): Promise<void> {
    this.#running = this.#work();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'));
    this.#consumer.interrupt();
    await this.#running;
    await this.#consumer.close();
  }

  /** Open dead letters of the route, as last known. */
  get depth(): number {
    return this.#depth;
  }

  /** Of the topic, as last seen; 0: it is not there. */
  get partitions(): number {
    return this.#topic?.ranges.size ?? 0;
  }

  /** What Kafka says of the topic now; null: it is not there. */
  see(topic: SeenTopic | null): void {
    this.#topic = topic;
    this.#seen = true;
    this.#consumer.interrupt();
  }

  /** This replica has got shards, or lost some. */
  reassign(): void {
    this.#consumer.interrupt();
  }

  #isStopped(): boolean {
    return this.#abort.signal.aborted;
  }

  async #work(): Promise<void> {
    const { clock } = this.#deps;
    while (!this.#isStopped()) {
      try {
        await this.#step();
        this.#trouble.over('dead_letters_indexed', 'the index of dead letters is kept again');
      } catch (error) {
        this.#taken = null;
        if (!this.#isStopped()) {
          this.#trouble.met(
            { event: 'dead_letters_not_indexed', err: error },
            'the index of dead letters could not be kept; trying again',
          );
        }
        await clock.sleep(AGAIN, this.#abort.signal).catch(() => undefined);
      }
    }
  }

  async #step(): Promise<void> {
    const topic = this.#topic;
    const mine = topic === null ? [] : [...topic.ranges.keys()].filter(this.#deps.reads);
    if (topic === null || mine.length === 0) {
      if (this.#taken !== null) this.#consumer.assign([]);
      this.#taken = null;
      await this.#consumer.waitForInterrupt(PATIENCE);
      return;
    }
    await this.#consumer.connect();
    const taken = await this.#take(topic, mine);
    if (this.#seen) await this.#lookAt(topic, taken);
    const { records, ends } = await this.#consumer.read(READ, PATIENCE);
    for (const [partition, read] of byPartition(records)) await this.#index(taken, partition, read);
    for (const { partition, offset } of ends) await this.#reach(taken, partition, offset);
    await this.#count();
  }

  /** Where to read, asked anew where topic or partitions are others than before. */
  async #take(topic: SeenTopic, mine: readonly number[]): Promise<Taken> {
    const now = this.#taken;
    const same =
      now?.from.id === topic.id &&
      now.from.ranges.size === topic.ranges.size &&
      now.cursors.size === mine.length &&
      mine.every((partition) => now.cursors.has(partition));
    if (same) return now;
    const taken = { ...(await this.#deps.writer.take(topic, mine)), from: topic };
    this.#taken = taken;
    this.#consumer.assign(
      [...taken.cursors].map(([partition, offset]) => ({ topic: this.#deps.topic, partition, offset })),
    );
    return taken;
  }

  /** What has retention removed? And is it another topic, where the broker has no ids by which to tell? */
  async #lookAt({ ranges }: SeenTopic, { topic, cursors }: Taken): Promise<void> {
    this.#seen = false;
    for (const [partition, cursor] of cursors) {
      const { first, end } = ranges.get(partition) ?? { first: 0, end: Infinity };
      // What was read since the look may lie behind the end that it saw.
      if (cursor > end && cursor > ((await this.#deps.ranges()).get(partition)?.end ?? Infinity)) {
        this.#taken = null;
        return;
      }
      let done = false;
      while (!done && !this.#isStopped()) {
        done = await this.#unhurried(() => this.#deps.writer.forget(topic, partition, first));
      }
      if (first > cursor) cursors.set(partition, first);
    }
  }

  /** Everything before the offset has been read, what aborted transactions left included. */
  async #reach(taken: Taken, partition: number, offset: number): Promise<void> {
    const cursor = taken.cursors.get(partition);
    if (this.#taken !== taken || cursor === undefined || offset <= cursor) return;
    const written = await this.#deps.writer.write(taken.topic, partition, cursor, offset, []);
    this.#moved(taken, partition, written, offset);
  }

  /** Others settle, too. */
  async #count(): Promise<void> {
    const now = this.#deps.clock.monotonic();
    if (now - this.#countedAt < COUNT_INTERVAL) return;
    this.#depth = (await this.#deps.index.state()).open ?? this.#depth;
    this.#countedAt = now;
  }

  async #index(taken: Taken, partition: number, records: readonly KafkaRecord[]): Promise<void> {
    const { writer, route } = this.#deps;
    const { topic, cursors } = taken;
    let rest = records;
    while (this.#taken === taken && !this.#isStopped()) {
      const before = cursors.get(partition) ?? Infinity;
      rest = rest.filter(({ offset }) => offset >= before);
      const [first] = rest;
      if (first === undefined) return;
      if (isMarker(first)) {
        // A gap before it is passed first: its own place is what it is written at.
        if (first.offset > before) await this.#reach(taken, partition, first.offset);
        if (this.#taken !== taken || cursors.get(partition) !== first.offset) continue;
        const marker = this.#markerOf(first);
        const settled = await this.#unhurried(() => writer.settle(topic, partition, first.offset, marker));
        this.#moved(taken, partition, settled, first.offset + 1);
        continue;
      }
      const end = rest.slice(0, BATCH).findIndex(isMarker);
      const read = rest.slice(0, end < 0 ? BATCH : end);
      const after = (read.at(-1)?.offset ?? before) + 1;
      const letters = read.map((record) => readDeadLetter(record, route)).filter((letter) => letter !== null);
      const written = await this.#unhurried(() => writer.write(topic, partition, before, after, letters));
      this.#moved(taken, partition, written, after);
    }
  }

  #markerOf(record: KafkaRecord): Marker | null {
    const marker = readMarker(record);
    if (marker === null) {
      const { partition, offset } = record;
      this.#deps.logger.warn(
        { event: 'marker_unreadable', partition, offset },
        'a marker in the dead-letter topic can not be read; it is passed over',
      );
    }
    return marker;
  }

  #moved(taken: Taken, partition: number, written: Written, after: number): void {
    const { cursors } = taken;
    switch (written.kind) {
      case 'done':
        cursors.set(partition, after);
        return;
      case 'elsewhere':
        // Another replica has read on; or has begun anew, and then this one asks where.
        if (written.cursor > (cursors.get(partition) ?? Infinity)) cursors.set(partition, written.cursor);
        else this.#taken = null;
        return;
      case 'lost':
        this.#taken = null;
    }
  }

  async #unhurried<T>(call: () => Promise<T>): Promise<T> {
    const { clock } = this.#deps;
    const begun = clock.monotonic();
    const result = await call();
    const pause = Math.min(50, clock.monotonic() - begun);
    await clock.sleep(pause, this.#abort.signal).catch(() => undefined);
    return result;
  }
}

function byPartition(records: readonly KafkaRecord[]): Map<number, KafkaRecord[]> {
  const partitions = new Map<number, KafkaRecord[]>();
  for (const record of records) {
    const known = partitions.get(record.partition);
    if (known) known.push(record);
    else partitions.set(record.partition, [record]);
  }
  return partitions;
}
