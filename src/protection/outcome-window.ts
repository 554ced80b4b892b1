import type { Unit } from '../domain/unit.ts';
import { mergedPartitions } from './failing.ts';
import type { FreshFailures, Tally } from './failing.ts';

/** What happened in one second. */
interface Second {
  readonly at: number;
  failed: number;
  succeeded: number;
  aside: number;
  committed: number;
  readonly keys: Set<number>;
  readonly partitions: Map<number, Failures>;
}

type Failures = { -readonly [Field in keyof FreshFailures]: FreshFailures[Field] };

const SECOND = 1_000;
/** More different keys are not told apart, in one second. */
const KEYS_KEPT = 256;

/** What became of records lately, in seconds. Times in ms on a clock that does not jump. */
export class OutcomeWindow {
  readonly #span: number;
  readonly #keys: number;
  #seconds: Second[] = [];

  /** `span`: how far back it reaches, ms. `keys`: how many keys that fail are told apart. */
  constructor(span: number, keys: number) {
    this.#span = span;
    this.#keys = keys;
  }

  /** A redelivered record; `partition`: null where it does not lie among the fresh ones. */
  redelivered(now: number, partition: number | null, unit: Unit, failed: boolean): void {
    const second = this.#second(now);
    if (partition !== null) failuresOf(second, partition).others++;
    if (!failed) second.succeeded++;
    else {
      second.failed++;
      keep(second, unit);
    }
  }

  /** Redelivered records that have succeeded, whichever they were. */
  succeeded(now: number, count: number): void {
    if (count > 0) this.#second(now).succeeded += count;
  }

  /** A record that failed for the first time. `origin`: null where it is not known. */
  fresh(now: number, partition: number, origin: number | null, unit: Unit): void {
    const second = this.#second(now);
    keep(second, unit);
    if (origin === null) return;
    const failures = failuresOf(second, partition);
    failures.first = Math.min(failures.first ?? origin, origin);
    failures.last = Math.max(failures.last ?? origin, origin);
    failures.fresh++;
  }

  /** Fresh records that were passed without being handled. */
  aside(now: number, partition: number, count: number): void {
    if (count === 0) return;
    const second = this.#second(now);
    second.aside += count;
    failuresOf(second, partition).others += count;
  }

  /** The group has committed so many records more. */
  committed(now: number, records: number): void {
    if (records > 0) this.#second(now).committed += records;
  }

  reset(): void {
    this.#seconds = [];
  }

  tally(now: number, span: number): Tally {
    const from = Math.floor((now - span) / SECOND);
    const seconds = this.#seconds.filter(({ at }) => at > from);
    const sum = (of: (second: Second) => number): number =>
      seconds.reduce((total, each) => total + of(each), 0);
    const keys = new Set(seconds.flatMap((second) => [...second.keys]));
    return {
      span,
      failed: sum(({ failed }) => failed),
      succeeded: sum(({ succeeded }) => succeeded),
      partitions: mergedPartitions(seconds.flatMap(({ partitions }) => [...partitions.values()])),
      aside: sum(({ aside }) => aside),
      committed: sum(({ committed }) => committed),
      keys: [...keys].slice(0, this.#keys),
    };
  }

  #second(now: number): Second {
    const at = Math.floor(now / SECOND);
    const last = this.#seconds.at(-1);
    if (last?.at === at) return last;
    const oldest = Math.floor((now - this.#span) / SECOND);
    this.#seconds = this.#seconds.filter((second) => second.at > oldest);
    const second: Second = {
      ...{ at, failed: 0, succeeded: 0, aside: 0, committed: 0 },
      ...{ keys: new Set<number>(), partitions: new Map<number, Failures>() },
    };
    this.#seconds.push(second);
    return second;
  }
}

function failuresOf({ partitions }: Second, partition: number): Failures {
  let failures = partitions.get(partition);
  if (failures === undefined) {
    failures = { partition, first: null, last: null, fresh: 0, others: 0 };
    partitions.set(partition, failures);
  }
  return failures;
}

function keep({ keys }: Second, unit: Unit): void {
  if (keys.size < KEYS_KEPT) keys.add(hashOf(unit));
}

/** FNV-1a: keys are only told apart. */
function hashOf(unit: Unit): number {
  let hash = 0x811c9dc5;
  for (const byte of unit) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
