import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import { recordSize } from '../domain/record.ts';
import type { KafkaRecord, Origin } from '../domain/record.ts';
import type { AssignedConsumer } from './assigned-consumer.ts';
import { ByteBudget } from './byte-budget.ts';
import type { Lease } from './byte-budget.ts';
import { WantedOffsets } from './wanted-offsets.ts';

/** `gone`: retention removed it. */
export type Found =
  { readonly kind: 'read'; readonly record: KafkaRecord; readonly lease: Lease } | { readonly kind: 'gone' };

export type FoundRecord = ({ readonly kind: 'read' } & KafkaRecord) | { readonly kind: 'gone' };

interface Deps {
  /** Made with the first read, and again after it could not connect. */
  readonly open: () => Pick<AssignedConsumer, 'connect' | 'assign' | 'read' | 'close'>;
  readonly clock: Clock;
}

interface Want {
  readonly settle: (found: Found) => void;
  readonly fail: (error: Error) => void;
}

/** A partition of which something is wanted. */
interface Shelf {
  readonly topic: string;
  readonly partition: number;
  readonly wanted: WantedOffsets<Want>;
  /** Where this go began. */
  from: number;
  /** When it last said something of what is wanted, or was asked first. */
  heardAt: number;
  /** Of its records, on average. */
  meanBytes: number;
}

/** A partition that says nothing for so long does not answer, ms. */
const DEADLINE = 10_000;
const BATCH = 100;
/** Those who ask within so long of each other are read in one go, ms: to begin one holds up the whole process for a moment. */
const GATHER = 10;
const PATIENCE = 250;
/** What lies between two wanted records is read through where it is less than this; else the next one is sought. */
const READ_THROUGH = 1_048_576;
/** After this those are heard who came meanwhile, ms; but each partition has its say first, for as long as `SAY`. */
const TURN = 100;
const SAY = 2_000;
const BUDGET = { lent: 32 * 1_048_576, parked: 16 * 1_048_576 };

/**
 * Reads single records wherever they lie: many at a time, those of a partition in one go, in order of their offsets. What it
 * has handed out counts until its lease ends, so that records of any size never fill the memory.
 */
export class PlaceReader implements Component {
  readonly #deps: Deps;
  readonly #budget = new ByteBudget(BUDGET);
  readonly #shelves = new Map<string, Shelf>();
  #consumer: ReturnType<Deps['open']> | null = null;
  #waiting = 0;
  #working = false;
  #stopped = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#failAll([...this.#shelves.values()], new Error('the reader was stopped'));
    await this.#consumer?.close();
    this.#consumer = null;
  }

  /** Records that are asked for and have not been handed out. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Rejects where Kafka does not answer in time. The lease is the caller's to end. */
  lend(place: Origin): Promise<Found> {
    if (this.#stopped) return Promise.reject(new Error('the reader was stopped'));
    return new Promise((resolve, reject) => {
      this.#waiting++;
      const settle = (found: Found): void => {
        this.#waiting--;
        resolve(found);
      };
      const fail = (error: Error): void => {
        this.#waiting--;
        reject(error);
      };
      this.#shelfOf(place).wanted.add(place.offset, { settle, fail });
      this.#begin();
    });
  }

  /** The same for a single look: nothing counts after it. */
  async read(place: Origin): Promise<FoundRecord> {
    const found = await this.lend(place);
    if (found.kind === 'gone') return found;
    found.lease.end();
    return { kind: 'read', ...found.record };
  }

  #shelfOf({ topic, partition }: Origin): Shelf {
    const name = nameOf(topic, partition);
    let shelf = this.#shelves.get(name);
    if (shelf === undefined) {
      const heardAt = this.#deps.clock.monotonic();
      shelf = { topic, partition, wanted: new WantedOffsets(), from: 0, heardAt, meanBytes: 1_024 };
      this.#shelves.set(name, shelf);
    } else if (shelf.wanted.done && !shelf.wanted.waiting) {
      shelf.heardAt = this.#deps.clock.monotonic();
    }
    return shelf;
  }

  #begin(): void {
    if (this.#working) return;
    this.#working = true;
    void this.#run().finally(() => {
      this.#working = false;
      if (!this.#stopped && this.#wanting().length > 0) this.#begin();
    });
  }

  #wanting(): Shelf[] {
    return [...this.#shelves.values()].filter(({ wanted }) => wanted.waiting || !wanted.done);
  }

  async #run(): Promise<void> {
    for (let shelves = this.#wanting(); shelves.length > 0; shelves = this.#wanting()) {
      try {
        await this.#deps.clock.sleep(GATHER);
        await this.#go(shelves);
      } catch (error) {
        // It is not remembered: the next record is asked for on a new connection.
        void this.#consumer?.close();
        this.#consumer = null;
        this.#failAll(shelves, error instanceof Error ? error : new Error(String(error)));
      }
      if (this.#stopped) return;
    }
    this.#consumer?.assign([]);
  }

  /** Reads on until most of what was wanted is there, or others have come. */
  async #go(shelves: readonly Shelf[]): Promise<void> {
    const { clock, open } = this.#deps;
    this.#consumer ??= open();
    const consumer = this.#consumer;
    await consumer.connect();
    for (const shelf of shelves) shelf.from = shelf.wanted.begin();
    consumer.assign(shelves.map(({ topic, partition, from }) => ({ topic, partition, offset: from })));
    const begun = clock.monotonic();
    let met = 0;
    for (;;) {
      await this.#room(shelves);
      if (this.#isStopped()) return;
      const { records, ends } = await consumer.read(BATCH, PATIENCE);
      for (const record of records) met += this.#meet(record);
      for (const { topic, partition, offset } of ends) met += this.#end(topic, partition, offset);
      this.#giveUpSilent(shelves);
      const left = shelves.filter(({ wanted }) => !wanted.done);
      if (left.length === 0) break;
      const took = clock.monotonic() - begun;
      // To begin anew throws away what is on its way from Kafka: a partition that is slower than a turn would never be read.
      if (met === 0 || (took < SAY && left.some(({ heardAt }) => heardAt < begun))) continue;
      // What is over is read on all the same, until the others begin anew without it.
      if (left.length <= shelves.length / 2) break;
      if (took > TURN && [...this.#shelves.values()].some(({ wanted }) => wanted.waiting)) break;
    }
    for (const { wanted } of shelves) wanted.postpone();
  }

  /** While others are to give memory back first, nobody is silent. */
  async #room(shelves: readonly Shelf[]): Promise<void> {
    if (!this.#budget.spent) return;
    await this.#budget.room();
    for (const shelf of shelves) shelf.heardAt = this.#deps.clock.monotonic();
  }

  #meet(record: KafkaRecord): number {
    const shelf = this.#shelves.get(nameOf(record.topic, record.partition));
    // One before all that is wanted tells that the client was sent elsewhere: that is no answer.
    if (shelf === undefined || shelf.wanted.done || record.offset < shelf.from) return 0;
    const { wanted } = shelf;
    shelf.heardAt = this.#deps.clock.monotonic();
    const bytes = recordSize(record);
    shelf.meanBytes = (7 * shelf.meanBytes + bytes) / 8;
    const { found, gone } = wanted.meet(record.offset);
    for (const want of found) want.settle({ kind: 'read', record, lease: this.#budget.lend(bytes) });
    for (const want of gone) want.settle({ kind: 'gone' });
    const met = found.length + gone.length;
    if (met > 0 && wanted.distanceFrom(record.offset) * shelf.meanBytes > READ_THROUGH) wanted.postpone();
    return met;
  }

  /** What is wanted behind the end may come yet: a new leader may be behind the one before for a moment. */
  #end(topic: string, partition: number, offset: number): number {
    const shelf = this.#shelves.get(nameOf(topic, partition));
    if (shelf === undefined) return 0;
    const gone = shelf.wanted.end(offset);
    for (const want of gone) want.settle({ kind: 'gone' });
    return gone.length;
  }

  #giveUpSilent(shelves: readonly Shelf[]): void {
    const now = this.#deps.clock.monotonic();
    for (const shelf of shelves) {
      if (shelf.wanted.done || now - shelf.heardAt < DEADLINE) continue;
      this.#failAll([shelf], new Error(`${shelf.topic}/${shelf.partition} could not be read in time`));
    }
  }

  #failAll(shelves: readonly Shelf[], error: Error): void {
    for (const { wanted } of shelves) for (const want of wanted.takeAll()) want.fail(error);
  }

  #isStopped(): boolean {
    return this.#stopped;
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${String(partition)}`;
}
