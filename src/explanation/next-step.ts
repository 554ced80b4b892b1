import type { RouteConfig } from '../config/config.ts';
import type { EntryView } from '../penalty-box/entry-view.ts';
import type { LockView } from '../penalty-box/operator-box.ts';

/** What happens to a lock next. Times in epoch ms. */
export type NextStep =
  | { readonly kind: 'retry'; readonly at: number; readonly attempt: number; readonly of: number }
  | { readonly kind: 'dead-letter'; readonly at: number; readonly reason: string }
  /** A copy was redelivered: its outcome is not known yet. */
  | { readonly kind: 'outcome'; readonly offset: number | null; readonly admitted: boolean }
  /** The dead letter is being written. */
  | { readonly kind: 'dead-lettering' }
  /** It was announced and has to be read from the retry topic. */
  | { readonly kind: 'record'; readonly announcedAt: number | null }
  /** Later messages of the key are in flight; it is its turn after them. */
  | { readonly kind: 'turn' }
  | { readonly kind: 'operator' }
  | { readonly kind: 'dead-letter-held'; readonly kept: boolean };

export function nextStepOf(
  lock: LockView,
  policy: Pick<RouteConfig, 'maxAttempts' | 'maxAge'>,
  now: number,
): NextStep {
  const [head] = lock.entries;
  if (lock.parkedBy === 'operator' || head === undefined) return { kind: 'operator' };
  if (lock.parkedBy === 'dead-letter' || head.state === 'dead-lettered')
    return { kind: 'dead-letter-held', kept: head.kept };
  switch (head.state) {
    case 'pending':
      return { kind: 'record', announcedAt: head.announcedAt };
    case 'in-flight':
      return { kind: 'outcome', offset: head.deliveredOffset, admitted: head.admitted };
    case 'dead-lettering':
      return { kind: 'dead-lettering' };
    case 'held': {
      const at = lock.nextAttemptAt;
      if (at === null) return { kind: 'turn' };
      const reason = usedUp(head, policy, Math.max(now, at));
      if (reason !== '') return { kind: 'dead-letter', at, reason };
      return { kind: 'retry', at, attempt: head.attempt + 1, of: Math.max(policy.maxAttempts, head.granted) };
    }
  }
}

/** Why a head is not tried again when it is due then, as lua/release.lua has it; '' = it is. */
function usedUp(
  head: EntryView,
  { maxAttempts, maxAge }: Pick<RouteConfig, 'maxAttempts' | 'maxAge'>,
  at: number,
): string {
  if (head.condemned !== '') return head.condemned;
  if (head.unanswered >= maxAttempts) return 'unanswered';
  if (head.fatal) return 'fatal';
  if (head.granted > head.attempt) return '';
  if (head.attempt >= maxAttempts) return 'exhausted';
  return maxAge !== null && head.firstFailedAt !== null && at - head.firstFailedAt >= maxAge ? 'expired' : '';
}
