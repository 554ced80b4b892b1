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
  /** For how long it was listened to and said nothing, ms. */
  silentFor: number;
  /** Of its records, on average. */
  meanBytes: number;
}

const BATCH = 100;
/** Those who ask within so long of each other are read in one go, ms: to begin one holds up the whole process for a moment. */
const GATHER = 10;
const PATIENCE = 250;
/** What lies between two wanted records is read through where it is less than this; else the next one is sought. */
const READ_THROUGH = 1_048_576;
/** How long a partition is read while others wait for their turn, ms. */
const TURN = 200;
/** One that has said nothing for so long lets others have their turn, and is listened to beside them, ms. */
const HUSH = 1_000;
/** One that has said nothing for so long does not answer, ms. */
const DEADLINE = 10_000;
const BUDGET = { lent: 32 * 1_048_576, parked: 16 * 1_048_576 };

/**
 * Reads single records wherever they lie: many at a time, those of a partition in one go, in order of their offsets. The
 * partitions take turns: the client's queue is one for all, and of six that were read together the first filled it, and the
 * others said nothing for more than ten seconds. What was handed out counts until its lease ends, so that records of any size
 * never fill the memory.
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
      shelf = { topic, partition, wanted: new WantedOffsets(), from: 0, silentFor: 0, meanBytes: 1_024 };
      this.#shelves.set(name, shelf);
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
    await this.#deps.clock.sleep(GATHER);
    for (let shelves = this.#wanting(); shelves.length > 0; shelves = this.#wanting()) {
      const next = shelves.find(({ silentFor }) => silentFor === 0) ?? shelves[0];
      const turn = shelves.filter((shelf) => shelf === next || shelf.silentFor > 0);
      try {
        if (next !== undefined) await this.#go(next, turn);
      } catch (error) {
        // It is not remembered: the next record is asked for on a new connection.
        void this.#consumer?.close();
        this.#consumer = null;
        this.#failAll(turn, error instanceof Error ? error : new Error(String(error)));
      }
      if (this.#stopped) return;
    }
    this.#consumer?.assign([]);
  }

  /** Reads what is wanted of one partition, until it is the turn of others; those that were silent may speak meanwhile. */
  async #go(next: Shelf, turn: readonly Shelf[]): Promise<void> {
    const { clock, open } = this.#deps;
    this.#consumer ??= open();
    const consumer = this.#consumer;
    await consumer.connect();
    for (const shelf of turn) shelf.from = shelf.wanted.begin();
    consumer.assign(turn.map(({ topic, partition, from }) => ({ topic, partition, offset: from })));
    const heard = new Set<Shelf>();
    let listened = 0;
    while (!next.wanted.done) {
      // While others are to give memory back first, nobody is silent.
      await this.#budget.room();
      if (this.#isStopped()) return;
      const asked = clock.monotonic();
      const { records, ends } = await consumer.read(BATCH, PATIENCE);
      for (const record of records) this.#meet(record, heard);
      for (const end of ends) this.#end(end, heard);
      const took = clock.monotonic() - asked;
      listened += took;
      this.#giveUpSilent(turn, heard, took);
      // To begin anew throws away what is on its way from Kafka: a partition that is slower than a turn would never be read.
      const over = listened > (heard.size > 0 ? TURN : HUSH);
      if (over && this.#wanting().some((shelf) => shelf.wanted.done || !turn.includes(shelf))) break;
    }
    for (const shelf of turn) {
      shelf.wanted.postpone();
      // Behind those that wait.
      const name = nameOf(shelf.topic, shelf.partition);
      this.#shelves.delete(name);
      this.#shelves.set(name, shelf);
    }
  }

  #meet(record: KafkaRecord, heard: Set<Shelf>): void {
    const shelf = this.#shelves.get(nameOf(record.topic, record.partition));
    // One before all that is wanted tells that the client was sent elsewhere: that is no answer.
    if (shelf === undefined || shelf.wanted.done || record.offset < shelf.from) return;
    const { wanted } = shelf;
    heard.add(shelf);
    const bytes = recordSize(record);
    shelf.meanBytes = (7 * shelf.meanBytes + bytes) / 8;
    const { found, gone } = wanted.meet(record.offset);
    for (const want of found) want.settle({ kind: 'read', record, lease: this.#budget.lend(bytes) });
    for (const want of gone) want.settle({ kind: 'gone' });
    const met = found.length + gone.length > 0;
    if (met && wanted.distanceFrom(record.offset) * shelf.meanBytes > READ_THROUGH) wanted.postpone();
  }

  /** What is wanted behind the end may come yet: a new leader may be behind the one before for a moment. */
  #end({ topic, partition, offset }: Origin, heard: Set<Shelf>): void {
    const shelf = this.#shelves.get(nameOf(topic, partition));
    const gone = shelf?.wanted.end(offset) ?? [];
    if (shelf !== undefined && gone.length > 0) heard.add(shelf);
    for (const want of gone) want.settle({ kind: 'gone' });
  }

  #giveUpSilent(turn: readonly Shelf[], heard: ReadonlySet<Shelf>, took: number): void {
    for (const shelf of turn) {
      shelf.silentFor = heard.has(shelf) || shelf.wanted.done ? 0 : shelf.silentFor + took;
      if (shelf.silentFor < DEADLINE) continue;
      shelf.silentFor = 0;
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
