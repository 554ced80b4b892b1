import type { TopicIds } from '../domain/topic-ids.ts';
import type { Range } from '../kafka/offsets.ts';
import type { Remade, Takeover } from '../penalty-box/owner-box.ts';

// Topics that were deleted and made anew under the same name. Pure.

/** Which topics are others than those that the shard was made from; null: none. */
export function remadeTopics(
  { cursor, madeFrom, remade: begun }: Takeover,
  now: TopicIds,
  { end }: Range,
): Remade | null {
  const other = cursor === null ? { retry: false, main: false } : changed(madeFrom, now);
  const retry = begun.retry || other.retry || (cursor !== null && cursor > end);
  const main = begun.main || other.main;
  return retry || main ? { retry, main } : null;
}

/** Which of the two are others now. */
export function changed(before: TopicIds, now: TopicIds): Remade {
  return { retry: differ(before.retry, now.retry), main: differ(before.main, now.main) };
}

/** An id that is not known counts as the same. */
function differ(before: string, now: string): boolean {
  return before !== '' && now !== '' && before !== now;
}

/** Where a rebuild begins in the retry partition. */
export function rebuildFrom(
  { madeFrom, readTo }: Takeover,
  now: TopicIds,
  committed: number,
  { first, end }: Range,
  remade: Remade | null,
): number {
  // What the group committed in a topic says nothing of the one that was made anew.
  if (differ(madeFrom.retry, now.retry)) return first;
  // What lies before is about messages of the main topic that is gone; what was written again lies behind.
  if (remade?.main === true) return Math.min(readTo, end);
  return Math.min(Math.max(committed, first), end);
}
