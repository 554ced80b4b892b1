/** What became of records in the last while: of one replica, or of all. */
export interface Tally {
  /** How far back it reaches, ms. */
  readonly span: number;
  /** Redelivered ones. */
  readonly failed: number;
  readonly succeeded: number;
  /** Records that failed for the first time, by partition. */
  readonly partitions: readonly FreshFailures[];
  /** Records that the group passed without handling them: of locked keys, or decided before. */
  readonly aside: number;
  /** Records that the group has committed. */
  readonly committed: number;
  /** Hashes of the keys that failed, no more than are asked for. */
  readonly keys: readonly number[];
}

/** Fresh records of a partition that failed. */
export interface FreshFailures {
  readonly partition: number;
  /** Offsets; null: none of them is known. */
  readonly first: number | null;
  readonly last: number | null;
  readonly fresh: number;
  /** Records of the partition whose handling is counted elsewhere, or that were not handled. */
  readonly others: number;
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
    const share = shareOf(tally, policy.window);
    // A moment is enough where new failures alone tell of many: they say by their offsets what was handled between them.
    if (tally.span < policy.window && share.following < policy.minimum) continue;
    if (share.outcomes < policy.minimum || tally.keys.length < policy.keys) continue;
    if (share.failures < policy.failureShare * share.handled) continue;
    const percent = Math.floor((100 * share.failures) / share.handled);
    return `${percent} % of ${share.handled} attempts in ${tally.span / 1_000} s failed, of at least ${tally.keys.length} keys`;
  }
  return null;
}

interface Share {
  readonly failures: number;
  /** Of these, new failures that came after another one of their partition. */
  readonly following: number;
  readonly outcomes: number;
  /** With what succeeded without anybody telling. */
  readonly handled: number;
}

function shareOf({ span, failed, succeeded, partitions, aside, committed }: Tally, window: number): Share {
  const sum = (of: (one: FreshFailures) => number): number =>
    partitions.reduce((total, each) => total + of(each), 0);
  const fresh = sum((one) => one.fresh);
  // The first of a partition says nothing about what was handled before it.
  const following = sum((one) => Math.max(0, one.fresh - 1));
  const handled = sum(({ first, last, others, ...one }) =>
    first === null || last === null ? 0 : Math.max(one.fresh - 1, last - first - others),
  );
  const failures = failed + following;
  const outcomes = failures + succeeded;
  const between = Math.max(0, handled - following);
  // That a fresh record succeeds nobody reports; the group commits past it. Commits come late: only the whole window says it.
  const passed = span < window ? 0 : Math.max(0, committed - aside - failed - succeeded - fresh);
  return { failures, following, outcomes, handled: outcomes + Math.max(between, passed) };
}

/** The same of several replicas. Every one of them reads all of the group's commits. */
export function together(tallies: readonly Tally[], keys: number): Tally {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, each) => total + of(each), 0);
  return {
    span: tallies[0]?.span ?? 0,
    failed: sum(({ failed }) => failed),
    succeeded: sum(({ succeeded }) => succeeded),
    partitions: mergedPartitions(tallies.flatMap(({ partitions }) => partitions)),
    aside: sum(({ aside }) => aside),
    committed: Math.max(0, ...tallies.map(({ committed }) => committed)),
    keys: [...new Set(tallies.flatMap((tally) => tally.keys))].slice(0, keys),
  };
}

/** Each partition once. */
export function mergedPartitions(all: readonly FreshFailures[]): FreshFailures[] {
  const merged = new Map<number, FreshFailures>();
  for (const one of all) {
    const other = merged.get(one.partition);
    merged.set(
      one.partition,
      other === undefined
        ? one
        : {
            partition: one.partition,
            first: either(one.first, other.first, Math.min),
            last: either(one.last, other.last, Math.max),
            fresh: one.fresh + other.fresh,
            others: one.others + other.others,
          },
    );
  }
  return [...merged.values()];
}

function either(a: number | null, b: number | null, choose: (a: number, b: number) => number): number | null {
  return a === null || b === null ? (a ?? b) : choose(a, b);
}
