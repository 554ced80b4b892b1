import type { Unit } from '../../../domain/unit.ts';
import { OrchestratorError } from '../../../errors.ts';
import type { Action, LockView } from '../../../penalty-box/operator-box.ts';
import { checkPartition, partitionsOf } from '../../desks.ts';
import { invalid } from '../../keys.ts';
import type { RouteDesk } from '../../route-desk.ts';

/** What to do to which lock. */
export interface LockAction {
  readonly unit: Unit;
  readonly partition: number | undefined;
  readonly action: Action;
}

interface Done {
  readonly outcome: 'done' | 'unchanged';
  readonly entries: number;
  readonly partition: number;
}

/** One script discards so many at most. */
const DISCARDED_AT_ONCE = 5_000;

/** @throws UNKNOWN_LOCK, NOT_READY, or INVALID where the partition has to be said. */
export async function actOnLock(desk: RouteDesk, deed: LockAction): Promise<Done> {
  const { unit, action } = deed;
  const partition = deed.partition ?? (await partitionFor(desk, unit, action));
  checkPartition(desk, partition);
  const { outcome, entries: first } = await desk.operator.act(partition, unit, action);
  if (outcome === 'unknown') throw notLocked();
  let entries = first;
  for (let last = entries; action === 'discard-all' && last >= DISCARDED_AT_ONCE;) {
    const more = await desk.operator.act(partition, unit, action);
    last = more.outcome === 'unknown' ? 0 : more.entries;
    entries += last;
  }
  return { outcome, entries, partition };
}

/** The one lock of this key, with its first entries. @throws UNKNOWN_LOCK, NOT_READY, INVALID. */
export async function findLock(
  desk: RouteDesk,
  unit: Unit,
  only: number | undefined,
  entries: number,
): Promise<LockView> {
  const asked = await Promise.allSettled(
    partitionsOf(desk, only).map((partition) => desk.operator.inspect(partition, unit, entries)),
  );
  const found = asked.flatMap((each) =>
    each.status === 'fulfilled' && each.value !== null ? [each.value] : [],
  );
  const [lock] = found;
  if (found.length > 1) {
    const partitions = found.map(({ partition }) => partition).join(' and ');
    throw invalid(`the key is locked in the partitions ${partitions}; say which by \`partition\``);
  }
  if (lock !== undefined) return lock;
  // Where a shard could not be asked, nobody knows that there is no lock.
  const failed = asked.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason as Error;
  throw notLocked();
}

async function partitionFor(desk: RouteDesk, unit: Unit, action: Action): Promise<number> {
  try {
    return (await findLock(desk, unit, undefined, 1)).partition;
  } catch (error) {
    if (action === 'park' && error instanceof OrchestratorError && error.code === 'UNKNOWN_LOCK') {
      throw invalid('partition is missing: the key is not locked, so nothing says where to park it');
    }
    throw error;
  }
}

function notLocked(): OrchestratorError {
  return new OrchestratorError('UNKNOWN_LOCK', 'the key is not locked');
}
