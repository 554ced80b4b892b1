/** What became of records in the last while: of one replica, or of all. */
export interface Tally {
  /** How far back it reaches, ms. */
  readonly span: number;
  /** Redelivered ones. */
  readonly failed: number;
  readonly succeeded: number;
  /** Records that failed for the first time. */
  readonly fresh: number;
  /** Of these, those that came after another one of their partition; */
  readonly following: number;
  /** and how many records were handled from the first to the last of them, as their offsets say. */
  readonly handled: number;
  /** Records that the group passed without handling them: of locked keys, or decided before. */
  readonly aside: number;
  /** Records that the group has committed. */
  readonly committed: number;
  /** Hashes of the keys that failed, no more than are asked for. */
  readonly keys: readonly number[];
}

export interface FailingPolicy {
  /** Of what was handled, from which on nearly everything fails. */
  readonly failureShare: number;
  /** How far it looks back at most, ms. */
  readonly window: number;
  /** Fewer outcomes, or fewer different keys that fail, say nothing. */
  readonly minimum: number;
  readonly keys: number;
}

/** What is to be said of it where nearly everything fails; null: it does not. */
export function failing(tallies: readonly Tally[], policy: FailingPolicy): string | null {
  for (const tally of tallies) {
    // A moment is enough where new failures alone tell of many: they say by their offsets what was handled between them.
    if (tally.span < policy.window && tally.following < policy.minimum) continue;
    const share = shareOf(tally, policy.window);
    if (share.outcomes < policy.minimum || tally.keys.length < policy.keys) continue;
    if (share.failures < policy.failureShare * share.handled) continue;
    const percent = Math.floor((100 * share.failures) / share.handled);
    return `${percent} % of ${share.handled} attempts in ${tally.span / 1_000} s failed, of at least ${tally.keys.length} keys`;
  }
  return null;
}

function shareOf(
  { span, failed, succeeded, fresh, following, handled, aside, committed }: Tally,
  window: number,
): { failures: number; outcomes: number; handled: number } {
  const failures = failed + following;
  const outcomes = failures + succeeded;
  const between = Math.max(0, handled - following);
  // That a fresh record succeeds nobody reports; the group commits past it. Commits come late: only the whole window says it.
  const passed = span < window ? 0 : Math.max(0, committed - aside - failed - succeeded - fresh);
  return { failures, outcomes, handled: outcomes + Math.max(between, passed) };
}

/** The same of several replicas. Every one of them reads all of the group's commits. */
export function together(tallies: readonly Tally[], keys: number): Tally {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, each) => total + of(each), 0);
  return {
    span: tallies[0]?.span ?? 0,
    failed: sum(({ failed }) => failed),
    succeeded: sum(({ succeeded }) => succeeded),
    fresh: sum(({ fresh }) => fresh),
    following: sum(({ following }) => following),
    handled: sum(({ handled }) => handled),
    aside: sum(({ aside }) => aside),
    committed: Math.max(0, ...tallies.map(({ committed }) => committed)),
    keys: [...new Set(tallies.flatMap((tally) => tally.keys))].slice(0, keys),
  };
}
