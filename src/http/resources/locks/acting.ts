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
  /** In the words of whoever acts. */
  readonly reason: string;
}

export interface LockActed {
  readonly outcome: 'done' | 'unchanged';
  readonly entries: number;
  readonly partition: number;
  /** The same call did it before. */
  readonly repeated: boolean;
}

/**
 * `idempotencyKey`: the same call with the same one acts once, and is answered the same for a day, wherever the service
 * was killed meanwhile.
 * @throws UNKNOWN_LOCK, NOT_READY, or INVALID where the partition has to be said, or the key was used for something else.
 */
export async function actOnLock(
  desk: RouteDesk,
  deed: LockAction,
  idempotencyKey: string | undefined,
): Promise<LockActed> {
  const { unit, action } = deed;
  const partition = await (idempotencyKey === undefined
    ? partitionOf(desk, deed)
    : partitionOfUse(desk, deed, idempotencyKey));
  const how = idempotencyKey === undefined ? {} : { idempotencyKey };
  const { outcome, entries, repeated } = await desk.operator.act(partition, unit, action, how);
  if (outcome === 'unknown') throw notLocked();
  return { outcome, entries, partition, repeated };
}

/** Noted with the key: what was discarded can't be found again. */
async function partitionOfUse(desk: RouteDesk, deed: LockAction, idempotencyKey: string): Promise<number> {
  const { unit, action, reason } = deed;
  const { operator } = desk;
  const use = sameUse([action, unit.toString('base64'), deed.partition ?? null, reason]);
  const known = await operator.useOf(idempotencyKey);
  if (known !== null) return use.partitionIn(known);
  const partition = await partitionOf(desk, deed);
  const first = await operator.firstUse(idempotencyKey, JSON.stringify({ use: use.text, partition }));
  return first === null ? partition : use.partitionIn(first);
}

function sameUse(fields: readonly unknown[]): { text: string; partitionIn: (kept: string) => number } {
  const text = JSON.stringify(fields);
  return {
    text,
    partitionIn: (kept) => {
      const before = JSON.parse(kept) as { use?: string; partition?: number };
      if (before.use !== text || before.partition === undefined) throw usedOtherwise();
      return before.partition;
    },
  };
}

/** The refusal of an Idempotency-Key that belongs to another call. */
export function usedOtherwise(): OrchestratorError {
  return invalid('the Idempotency-Key was used for another call within the last day; take a new one');
}

async function partitionOf(desk: RouteDesk, { unit, partition, action }: LockAction): Promise<number> {
  const there = partition ?? (await partitionFor(desk, unit, action));
  checkPartition(desk, there);
  return there;
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
