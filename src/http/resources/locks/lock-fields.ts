import type { Static } from 'typebox';
import { keyOf } from '../../../domain/unit.ts';
import type { Unit } from '../../../domain/unit.ts';
import type { ListedLock } from '../../../penalty-box/operator-box.ts';
import { keyFields, type KeyFields } from '../../keys.ts';
import type { LockPage } from './schemas.ts';

/** A lock as JSON gives it. */
export function lockFields(lock: ListedLock, now: number): Static<typeof LockPage>['locks'][number] {
  return {
    ...unitFields(lock.unit),
    partition: lock.partition,
    state: lock.state,
    since: lock.since,
    ageMs: Math.max(0, now - lock.since),
    held: lock.held,
    heldBytes: lock.heldBytes,
    attempt: lock.attempt,
    nextAttemptAt: lock.nextAttemptAt,
    headOffset: lock.headOffset,
    lastError: lock.lastError,
  };
}

/** A message without a key is named by its origin, or by where it lies in the retry topic if that is foreign. */
export function unitFields(unit: Unit): KeyFields & { origin?: number; retryOffset?: number } {
  const key = keyOf(unit);
  if (key !== null) return keyFields(key);
  const offset = Number(unit.toString('latin1', 1));
  return unit[0] === 0x6d ? { retryOffset: offset } : { origin: offset };
}
