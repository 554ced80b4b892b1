import type { Sent } from '../produce.ts';
import type { Story } from './story.ts';

export interface OrderViolation {
  /**
   * - `overtook`: given to the handler while `earlier` of the same key was neither succeeded nor dead-lettered.
   * - `twice at once`: given to a handler while another one still had it.
   */
  readonly kind: 'overtook' | 'twice at once';
  readonly message: Sent;
  readonly earlier: Sent;
  readonly at: number;
}

/** What one key's messages, in the order of their origins, did against it. */
export function orderViolations(stories: readonly Story[]): OrderViolation[] {
  const violations: OrderViolation[] = [];
  let last: Story | undefined;
  for (const story of stories) {
    const message = story.sent;
    for (const { begunAt } of story.calls) {
      if (last === undefined || last.resolvedAt <= begunAt) continue;
      violations.push({ kind: 'overtook', message, earlier: last.sent, at: begunAt });
    }
    let busyUntil = -Infinity;
    for (const { begunAt, endedAt } of story.calls) {
      if (begunAt < busyUntil) {
        violations.push({ kind: 'twice at once', message, earlier: message, at: begunAt });
      }
      busyUntil = Math.max(busyUntil, endedAt);
    }
    // Of all earlier ones the one that was resolved last stands for them.
    if (last === undefined || story.resolvedAt >= last.resolvedAt) last = story;
  }
  return violations;
}

/** Whether first successes and dead letters came in the order of the origins. */
export function resolvedInOrder(stories: readonly Story[]): boolean {
  return stories.every(
    ({ resolvedAt }, index) =>
      resolvedAt < Infinity && (index === 0 || stories[index - 1]!.resolvedAt <= resolvedAt),
  );
}
