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

interface Bounds {
  readonly from: Age;
  readonly behind: boolean;
  readonly upTo: Age;
}

interface Range extends Bounds {
  readonly look: number;
  readonly give: number;
  readonly state: LockState | null;
}

/** The shards' locks: a part of them, or their ages alone. */
export interface LockShelf {
  browse(partition: number, range: Range): Promise<Browsed>;
  ages(partition: number, bounds: Bounds, limit: number): Promise<Age[]>;
}

/** So many locks are given, or looked at for a filter, by one script: about a millisecond of Redis. */
const GIVEN_AT_ONCE = 100;
const LOOKED_AT_ONCE = 250;
/** So often each shard is asked for one page. What a filter has not found by then is for the next one. */
const ROUNDS = 16;
const TRIES = 4;
/** Replicas' clocks agree this well: within it, a lock made later may say that it is older. */
const CLOCK_DRIFT = 1_000;

interface AgePage {
  readonly locks: BrowsedLock[];
  readonly next: AgePosition | null;
}

/**
 * One page of locks in the order of their age, out of all shards, and where the next one begins (null: there is none). What it costs
 * depends on the page and not on how many locks there are: with a filter that few match, a page may be short, or empty.
 */
export function pageByAge(shelf: LockShelf, listing: AgeListing): Promise<AgePage> {
  return listing.state === null && listing.wanted === null
    ? wholePage(shelf, listing)
    : sifted(shelf, listing);
}

/** What has gone while it was read is made up for by the next ones. */
async function wholePage(shelf: LockShelf, listing: AgeListing): Promise<AgePage> {
  const locks: BrowsedLock[] = [];
  let next = listing.after;
  for (let tries = 0; tries < TRIES; tries++) {
    const part = await partOfPage(shelf, { ...listing, limit: listing.limit - locks.length, after: next });
    locks.push(...part.locks);
    next = part.next;
    if (next === null || locks.length >= listing.limit) break;
  }
  return { locks, next };
}

/** Without a filter the ages say which locks are on the page: no other one is read. */
async function partOfPage(
  shelf: LockShelf,
  { partitions, before, limit, after }: AgeListing,
): Promise<AgePage> {
  const upTo = before + CLOCK_DRIFT;
  const found = await Promise.all(
    partitions.map(async (partition) => {
      const ages = await shelf.ages(partition, { ...beginning(partition, after), upTo }, limit + 1);
      return ages.map((age) => ({ age, partition }));
    }),
  );
  const positions = found.flat().sort(compare);
  const page = positions.slice(0, limit);
  const last = new Map(page.map(({ partition, age }) => [partition, age]));
  const rows = await Promise.all(
    [...last].map(([partition, age]) =>
      locksUpTo(shelf, partition, { ...beginning(partition, after), upTo: age }),
    ),
  );
  return {
    locks: rows
      .flat()
      .filter(({ since }) => since <= before)
      .sort(compare),
    next: positions.length > page.length ? (page.at(-1) ?? null) : null,
  };
}

async function locksUpTo(shelf: LockShelf, partition: number, bounds: Bounds): Promise<BrowsedLock[]> {
  const locks: BrowsedLock[] = [];
  for (let { from, behind } = bounds; ;) {
    const range = { ...bounds, from, behind, look: GIVEN_AT_ONCE, give: GIVEN_AT_ONCE, state: null };
    const page = await shelf.browse(partition, range);
    locks.push(...page.locks);
    if (!page.more || page.last === null) return locks;
    [from, behind] = [page.last, true];
  }
}

/** Where a shard's part of a page begins. */
function beginning(partition: number, after: AgePosition | null): Pick<Bounds, 'from' | 'behind'> {
  return after === null
    ? { from: -Infinity, behind: false }
    : { from: after.age, behind: partition <= after.partition };
}

/** With a filter each shard is gone through, so far as a page may cost. */
async function sifted(shelf: LockShelf, listing: AgeListing): Promise<AgePage> {
  const lanes = listing.partitions.map((partition) => new Lane(shelf, partition, listing));
  const locks: BrowsedLock[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(lanes.map((lane) => lane.fill()));
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
  readonly #shelf: LockShelf;
  readonly #partition: number;
  readonly #listing: AgeListing;
  #known: BrowsedLock[] = [];
  #at: AgePosition;
  #behind: boolean;
  #over = false;

  constructor(shelf: LockShelf, partition: number, listing: AgeListing) {
    this.#shelf = shelf;
    this.#partition = partition;
    this.#listing = listing;
    const { from, behind } = beginning(partition, listing.after);
    this.#at = { age: from, partition };
    this.#behind = behind;
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

  async fill(): Promise<void> {
    if (!this.isUnknown) return;
    const { state, before, wanted } = this.#listing;
    const { locks, last, more } = await this.#shelf.browse(this.#partition, {
      from: this.#at.age,
      behind: this.#behind,
      upTo: before + CLOCK_DRIFT,
      look: state === null ? GIVEN_AT_ONCE : LOOKED_AT_ONCE,
      give: GIVEN_AT_ONCE,
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
