import type { ListedLock, LockState, LockSummary } from '../../../penalty-box/operator-box.ts';
import { keyOf } from '../../../domain/unit.ts';
import type { Unit } from '../../../domain/unit.ts';
import { partitionsOf } from '../../desks.ts';
import type { RouteDesk } from '../../route-desk.ts';
import { pageByAge } from './by-age.ts';
import { FirstOf } from '../../../domain/first-of.ts';
import { comparePositions, type Position, type Sort, valueOf } from './order.ts';

export interface Listing {
  readonly partition: number | undefined;
  readonly unit: Unit | null;
  readonly state: LockState | undefined;
  /** Only locks that are there since then, epoch ms. */
  readonly before: number;
  /** What its key begins with, and the class of its head's last error. */
  readonly keyPrefix: Buffer | null;
  readonly errorClass: string | undefined;
  readonly sort: Sort;
  readonly limit: number;
  readonly after: Position | null;
}

/** Calls to Redis that are under way together. */
const TOGETHER = 100;

interface Page {
  readonly locks: ListedLock[];
  readonly next: Position | null;
}

/** One page of a route's locks, and the position that the next one begins behind, if there are more. */
export function listLocks(desk: RouteDesk, listing: Listing): Promise<Page> {
  return listing.sort === 'age' && listing.unit === null ? byAge(desk, listing) : byScan(desk, listing);
}

async function byAge(desk: RouteDesk, listing: Listing): Promise<Page> {
  const { partition, state = null, before, limit, after, keyPrefix, errorClass } = listing;
  const narrow = keyPrefix !== null || errorClass !== undefined;
  const { locks, next } = await pageByAge(desk.operator, {
    partitions: partitionsOf(desk, partition),
    state,
    before,
    wanted: narrow ? (lock) => hasKeyLike(lock, listing) && hasFailedSo(lock, listing) : null,
    limit,
    after: after === null ? null : { age: after.value, partition: after.partition },
  });
  return { locks, next: next && { value: next.age, partition: next.partition, unit: NO_UNIT } };
}

const NO_UNIT = Buffer.alloc(0);

/**
 * Each page goes through all locks and keeps no more of them than it shows: an index for every order would cost each lock
 * memory, all the time.
 */
async function byScan(desk: RouteDesk, listing: Listing): Promise<Page> {
  const first = new FirstOf<Position>(listing.limit + 1, comparePositions);
  const kept = new Set<string>();
  for await (const page of candidates(desk, listing)) {
    for (const lock of page) {
      if (!matches(lock, listing)) continue;
      const position = { value: valueOf(lock, listing.sort), partition: lock.partition, unit: lock.unit };
      if (listing.after !== null && comparePositions(position, listing.after) <= 0) continue;
      if (!first.wants(position)) continue;
      // A scan may give a lock twice while Redis rearranges its hash.
      if (kept.has(nameOf(position))) continue;
      kept.add(nameOf(position));
      const displaced = first.offer(position);
      if (displaced !== undefined) kept.delete(nameOf(displaced));
    }
  }
  const positions = first.inOrder();
  const shown = positions.slice(0, listing.limit);
  const locks = (await views(desk, shown)).filter(
    (lock) => matches(lock, listing) && hasFailedSo(lock, listing),
  );
  return { locks, next: positions.length > shown.length ? (shown.at(-1) ?? null) : null };
}

function nameOf({ partition, unit }: Position): string {
  return `${partition}:${unit.toString('latin1')}`;
}

function matches(lock: LockSummary, listing: Listing): boolean {
  const { state, before } = listing;
  return (state === undefined || lock.state === state) && lock.since <= before && hasKeyLike(lock, listing);
}

function hasKeyLike({ unit }: LockSummary, { keyPrefix }: Listing): boolean {
  return keyPrefix === null || (keyOf(unit)?.subarray(0, keyPrefix.length).equals(keyPrefix) ?? false);
}

function hasFailedSo({ lastError }: ListedLock, { errorClass }: Listing): boolean {
  return errorClass === undefined || lastError?.class === errorClass;
}

async function* candidates(
  desk: RouteDesk,
  { partition: only, unit }: Listing,
): AsyncGenerator<LockSummary[]> {
  for (const partition of partitionsOf(desk, only)) {
    if (unit !== null) {
      const lock = await desk.operator.inspect(partition, unit, 1);
      if (lock !== null) yield [lock];
    } else if ((await desk.operator.totals(partition)).lockedKeys > 0) {
      // Asked for its totals, a shard that is being restored says so: an empty page would be a lie.
      yield* desk.operator.scan(partition);
    }
  }
}

/** What has gone since is left out. */
async function views(desk: RouteDesk, positions: readonly Position[]): Promise<ListedLock[]> {
  const locks: ListedLock[] = [];
  for (let from = 0; from < positions.length; from += TOGETHER) {
    const some = positions.slice(from, from + TOGETHER);
    const found = await Promise.all(
      some.map(({ partition, unit }) => desk.operator.inspect(partition, unit, 1)),
    );
    for (const lock of found) if (lock !== null) locks.push(lock);
  }
  return locks;
}
