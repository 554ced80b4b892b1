import type { Age, Browsed, BrowsedLock, LockState } from '../../../penalty-box/operator-box.ts';

/** A lock's place among those of all partitions, the oldest first. */
export interface AgePosition {
  readonly age: Age;
  readonly partition: number;
}

export interface AgeListing {
  readonly partitions: readonly number[];
  readonly state: LockState | null;
  /** Only locks that are there since then, epoch ms. */
  readonly before: number;
  /** What else is asked for; null: nothing. */
  readonly wanted: ((lock: BrowsedLock) => boolean) | null;
  readonly limit: number;
  readonly after: AgePosition | null;
}

interface Range {
  readonly from: Age;
  readonly behind: boolean;
  readonly upTo: Age;
  readonly look: number;
  readonly give: number;
  readonly state: LockState | null;
}

/** Looks at a part of a shard's locks. */
export type Look = (partition: number, range: Range) => Promise<Browsed>;

/** So many locks are given, or looked at for a filter, by one script: about a millisecond of Redis. */
const GIVEN_AT_ONCE = 100;
const LOOKED_AT_ONCE = 250;
/** So often each shard is asked for one page. What a filter has not found by then is for the next one. */
const ROUNDS = 16;
/** Replicas' clocks agree this well: within it, a lock made later may say that it is older. */
const CLOCK_DRIFT = 1_000;

/**
 * One page of locks in the order of their age, out of all shards, and where the next one begins (null: there is none). What it costs
 * depends on the page and not on how many locks there are: with a filter that few match, a page may be short, or empty.
 */
export async function pageByAge(
  look: Look,
  listing: AgeListing,
): Promise<{ locks: BrowsedLock[]; next: AgePosition | null }> {
  const lanes = listing.partitions.map((partition) => new Lane(look, partition, listing));
  const locks: BrowsedLock[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(lanes.map((lane) => lane.fill(listing.limit - locks.length, lanes.length, round)));
    while (locks.length < listing.limit) {
      const lane = nextOf(lanes);
      if (lane === null) break;
      locks.push(lane.take());
    }
    if (locks.length >= listing.limit || lanes.every((lane) => lane.isOver)) break;
  }
  if (lanes.every((lane) => lane.isOver && lane.first === null)) return { locks, next: null };
  const last = locks.at(-1);
  if (last !== undefined && locks.length >= listing.limit) {
    return { locks, next: { age: last.age, partition: last.partition } };
  }
  return { locks, next: furthestOf(lanes) };
}

/** The locks of one shard that are known of, and how far it was looked at. */
class Lane {
  readonly #look: Look;
  readonly #partition: number;
  readonly #listing: AgeListing;
  #known: BrowsedLock[] = [];
  #at: AgePosition;
  #behind: boolean;
  #over = false;

  constructor(look: Look, partition: number, listing: AgeListing) {
    this.#look = look;
    this.#partition = partition;
    this.#listing = listing;
    const { age, partition: last } = listing.after ?? { age: -Infinity, partition: Infinity };
    this.#at = { age, partition };
    this.#behind = partition <= last;
  }

  /** The first lock that was not taken. */
  get first(): BrowsedLock | null {
    return this.#known[0] ?? null;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Nobody knows what comes here next. */
  get isUnknown(): boolean {
    return this.#known.length === 0 && !this.#over;
  }

  /** All before it, itself included, are known. */
  get knownTo(): AgePosition {
    return this.#at;
  }

  take(): BrowsedLock {
    const [lock] = this.#known.splice(0, 1);
    if (lock === undefined) throw new Error('nothing is known of this shard');
    return lock;
  }

  /** Most pages come from all shards alike; the further it goes, the more likely it is that this one has them all. */
  async fill(missing: number, lanes: number, round: number): Promise<void> {
    if (!this.isUnknown) return;
    const { state, before, wanted } = this.#listing;
    const likely = Math.min(missing + 1, (Math.ceil(missing / lanes) + 8) * 2 ** round);
    const give = Math.min(GIVEN_AT_ONCE, wanted === null ? likely : GIVEN_AT_ONCE);
    const { locks, last, more } = await this.#look(this.#partition, {
      from: this.#at.age,
      behind: this.#behind,
      upTo: before + CLOCK_DRIFT,
      look: state === null ? give : LOOKED_AT_ONCE,
      give,
      state,
    });
    this.#known = locks.filter((lock) => lock.since <= before && (wanted?.(lock) ?? true));
    if (last !== null) this.#at = { age: last, partition: this.#partition };
    this.#behind = true;
    this.#over = !more || last === null;
  }
}

/** The lane of the next lock in order; null while nobody knows which one that is. */
function nextOf(lanes: readonly Lane[]): Lane | null {
  let next: Lane | null = null;
  let first: BrowsedLock | null = null;
  for (const lane of lanes) {
    if (lane.first === null || (first !== null && compare(first, lane.first) <= 0)) continue;
    next = lane;
    first = lane.first;
  }
  for (const lane of lanes) {
    if (first !== null && lane.isUnknown && compare(lane.knownTo, first) < 0) return null;
  }
  return next;
}

/** Everything up to there was looked at. */
function furthestOf(lanes: readonly Lane[]): AgePosition | null {
  return lanes
    .filter((lane) => lane.isUnknown)
    .map((lane) => lane.knownTo)
    .reduce<AgePosition | null>(
      (least, each) => (least === null || compare(each, least) < 0 ? each : least),
      null,
    );
}

function compare(a: AgePosition, b: AgePosition): number {
  return a.age - b.age || a.partition - b.partition;
}
