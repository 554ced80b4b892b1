import { sleepOn, type Clock } from '../../../../src/clock.ts';
import { HEADER } from '../../../../src/domain/header-names.ts';
import type { Header, KafkaRecord } from '../../../../src/domain/record.ts';
import type { Standing } from '../../../../src/dead-letters/dead-letter-index.ts';
import type { Position } from '../../../../src/dead-letters/dead-letter.ts';
import type { OutgoingRecord, RecordSource, SendResult } from '../../../../src/kafka/send.ts';
import { Claims } from '../../../../src/redrive/claims.ts';
import { UNTOUCHED, type Progress } from '../../../../src/redrive/progress.ts';
import { type Redrive, stateOf, type Wish } from '../../../../src/redrive/redrive.ts';
import { RedriveRun, type RunDeps, type RunOutcome } from '../../../../src/redrive/redrive-run.ts';
import type { Noted, Work } from '../../../../src/redrive/redrive-store.ts';

/** A record of the dead-letter topic of the world; `null`: retention or compaction left a hole. */
export type Letter = { readonly key: string | null; readonly closed: boolean } | 'marker' | null;

/** What happens to a process at one of its steps. */
export type Fate = 'killed' | 'kafka-unknown';

const TOPIC = 'orders';
const DEAD = 'orders.dlq';
const RETRY = 'orders.retry';

/** Time that passes only while somebody waits for it. */
class EagerClock implements Clock {
  #time = 0;
  pass(ms: number): void {
    this.#time += ms;
  }
  now(): number {
    return 1_700_000_000_000 + this.#time;
  }
  monotonic(): number {
    return this.#time;
  }
  after(ms: number, callback: () => void): { cancel: () => void } {
    const handle = setImmediate(() => {
      this.#time += ms;
      callback();
    });
    return {
      cancel: () => {
        clearImmediate(handle);
      },
    };
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn((delay, callback) => this.after(delay, callback), ms, signal);
  }
}

interface Process {
  alive: boolean;
}

/** Kafka, Redis and the index as a redrive sees them, in memory; and processes that run it until they are killed. */
export class RedriveWorld {
  readonly clock = new EagerClock();
  readonly retry: OutgoingRecord[][];
  readonly settled = new Set<string>();
  readonly work: Work;
  readonly redrive: Redrive;
  progress: Progress = UNTOUCHED;
  wish: Wish = 'run';
  readonly #letters: readonly (readonly Letter[])[];
  readonly #fates: ReadonlyMap<number, Fate>;
  readonly #wishes: ReadonlyMap<number, Wish>;
  readonly #chance: () => number;
  readonly #pace: number;
  #step = 0;
  #epoch = 0;
  #underWay: { land: () => number; settle: (result: SendResult) => void; process: Process }[] = [];

  constructor(options: {
    letters: readonly (readonly Letter[])[];
    retryPartitions: number;
    perSecond: number;
    /** How long each step takes, ms: a slow process finds the bucket full. */
    pace: number;
    positions: readonly Position[] | null;
    fates: ReadonlyMap<number, Fate>;
    wishes: ReadonlyMap<number, Wish>;
    chance: () => number;
  }) {
    const { letters, positions, perSecond } = options;
    this.#letters = letters;
    this.#fates = options.fates;
    this.#wishes = options.wishes;
    this.#chance = options.chance;
    this.#pace = options.pace;
    this.retry = Array.from({ length: options.retryPartitions }, () => []);
    for (const [partition, list] of letters.entries()) {
      for (const [offset, letter] of list.entries()) {
        if (isLetter(letter) && letter.closed) this.settled.add(`${partition}/${offset}`);
      }
    }
    this.work = { positions, edit: null };
    this.redrive = {
      ...{ id: 'r-1', createdAt: 0, who: 'me', reason: 'a test', topicId: '', dryRun: false, edited: false },
      selection: positions === null ? { kind: 'all' } : { kind: 'positions', count: positions.length },
      cutoff: letters.map((list) => list.length),
      maxPerSecond: perSecond,
    };
  }

  /** Runs it until it has ended, with a new process each time the one before was killed or had trouble. */
  async runToEnd(): Promise<void> {
    for (let i = 0; this.progress.end === null; i++) {
      if (i > 200) throw new Error('it never ends');
      // An operator who paused it lets it go on.
      if (this.wish === 'pause') this.wish = 'run';
      await this.#process();
    }
  }

  async #process(): Promise<RunOutcome | 'killed'> {
    const process: Process = { alive: true };
    this.#epoch++;
    const deps = this.#deps(process, String(this.#epoch));
    const run = (): RedriveRun => {
      const { wish, progress } = this;
      const stored = { redrive: this.redrive, wish, progress, state: stateOf(wish, progress.end) };
      return new RedriveRun(deps, stored, this.work);
    };
    try {
      if (this.progress.ends !== null) await run().recover();
      return await run().run();
    } catch {
      return 'killed';
    } finally {
      // What the producer held is written or lost before anybody else gets the lease.
      for (const { land } of this.#underWay.splice(0)) if (this.#chance() < 0.5) land();
      process.alive = false;
    }
  }

  /** Everything that a process does outside of itself goes through here. */
  #happens(process: Process): void {
    if (!process.alive) throw new Error('killed');
    this.#step++;
    this.clock.pass(this.#pace);
    this.wish = this.wish === 'cancel' ? 'cancel' : (this.#wishes.get(this.#step) ?? this.wish);
    if (this.#fates.get(this.#step) !== 'killed') return;
    process.alive = false;
    throw new Error('killed');
  }

  /** Does something that may have been done, or not, when the process is killed. */
  #does<T>(process: Process, deed: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          this.#happens(process);
          resolve(deed());
        } catch (error) {
          if (this.#fates.get(this.#step) === 'killed' && this.#chance() < 0.5) deed();
          reject(error instanceof Error ? error : new Error('killed'));
        }
      });
    });
  }

  #deps(process: Process, epoch: string): RunDeps {
    const sizes = (topic: string): number[] =>
      topic === DEAD ? this.#letters.map((list) => list.length) : this.retry.map((list) => list.length);
    return {
      store: {
        note: (of, _id, progress): Promise<Noted> =>
          this.#does(process, () => {
            if (of !== String(this.#epoch)) return { kind: 'fenced' };
            this.progress = JSON.parse(JSON.stringify(progress)) as Progress;
            return { kind: 'ok', wish: this.wish };
          }),
      },
      lease: { epoch, maySend: () => process.alive },
      index: {
        standings: (partition, offsets) =>
          this.#does(process, () => {
            const standing = (offset: number): Standing =>
              this.settled.has(`${partition}/${offset}`) ? 'settled' : 'open';
            return new Map([...offsets].map((offset) => [offset, standing(offset)]));
          }),
        settle: (partition, offsets) =>
          this.#does(process, () => {
            for (const offset of offsets) this.settled.add(`${partition}/${offset}`);
          }),
      },
      readerOf: (topic) => new WorldReader(this.#records(topic)) as never,
      send: (place, source, settle) => {
        this.#send(process, place.partition ?? -1, source, settle);
      },
      readOrigin: () => Promise.resolve({ kind: 'gone' }),
      ranges: (topic) =>
        this.#does(
          process,
          () => new Map(sizes(topic).map((end, partition) => [partition, { first: 0, end }])),
        ),
      topicId: () => Promise.resolve(''),
      deadLetterTopic: DEAD,
      destination: () => ({
        ...{ route: 'orders', topic: TOPIC, retryTopic: RETRY, partitions: this.retry.length },
      }),
      claims: new Claims(),
      onPublished: () => undefined,
      now: () => this.clock.now(),
      clock: this.clock,
    };
  }

  #send(
    process: Process,
    partition: number,
    source: RecordSource,
    settle: (result: SendResult) => void,
  ): void {
    const nothing = { kind: 'unknown', error: new Error('killed') } as const;
    if (!process.alive) {
      settle(nothing);
      return;
    }
    const record = source();
    const log = this.retry[partition]!;
    const sending = { land: () => log.push(record), settle, process };
    this.#underWay.push(sending);
    setImmediate(() => {
      // It stays under way, and is written or lost when the process is buried.
      if (!process.alive) {
        settle(nothing);
        return;
      }
      this.#underWay = this.#underWay.filter((each) => each !== sending);
      this.#step++;
      const fate = this.#fates.get(this.#step);
      if (fate === 'kafka-unknown') {
        if (this.#chance() < 0.5) sending.land();
        settle({ kind: 'unknown', error: new Error('nobody knows') });
      } else if (fate === 'killed') {
        process.alive = false;
        if (this.#chance() < 0.5) sending.land();
        settle(nothing);
      } else {
        settle({ kind: 'written', offset: sending.land() - 1 });
      }
    });
  }

  #records(topic: string): KafkaRecord[][] {
    if (topic === RETRY) {
      return this.retry.map((list, partition) =>
        list.map(({ key, value, headers }, offset) => ({
          ...{ topic, partition, offset, timestamp: 0, key, value },
          headers: headers.map(([name, bytes]): Header => [name, Buffer.from(bytes as never)]),
        })),
      );
    }
    return this.#letters.map((list, partition) =>
      list.flatMap((letter, offset): KafkaRecord[] => {
        if (letter === null) return [];
        const at = { topic, partition, offset, timestamp: 1_000, value: Buffer.from('v') };
        if (letter === 'marker') return [{ ...at, key: null, headers: [[HEADER.journal, Buffer.from('x')]] }];
        const key = letter.key === null ? null : Buffer.from(letter.key);
        const origin = {
          [HEADER.deadLetterReason]: 'exhausted',
          [HEADER.originTopic]: TOPIC,
          [HEADER.originPartition]: String(partition),
          // They failed for good in another order than they came.
          [HEADER.originOffset]: String((offset * 7) % 101),
        };
        const headers = Object.entries(origin).map(([name, text]): Header => [name, Buffer.from(text)]);
        return [{ ...at, key, headers }];
      }),
    );
  }
}

/** Reads what lies in memory, a few records at a time. */
class WorldReader implements AsyncDisposable {
  readonly #records: KafkaRecord[][];
  #left: KafkaRecord[] = [];
  #assigned = false;

  constructor(records: KafkaRecord[][]) {
    this.#records = records;
  }

  assign(ranges: readonly { partition: number; from: number; to: number }[]): Promise<void> {
    this.#assigned = true;
    this.#left = ranges.flatMap(({ partition, from, to }) =>
      (this.#records[partition] ?? []).filter(({ offset }) => offset >= from && offset < to),
    );
    return Promise.resolve();
  }

  async next(): Promise<KafkaRecord[] | null> {
    if (!this.#assigned) throw new Error('nothing was assigned');
    await new Promise(setImmediate);
    return this.#left.length === 0 ? null : this.#left.splice(0, 3);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

export function isLetter(letter: Letter): letter is Exclude<Letter, 'marker' | null> {
  return letter !== null && letter !== 'marker';
}
