import type { Static } from 'typebox';
import { unitFields } from '../../../domain/key-fields.ts';
import type { ListedLock } from '../../../penalty-box/operator-box.ts';
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
