import { failing } from './failing.ts';
import type { FailingPolicy, Tally } from './failing.ts';
import type { LoadLimit } from './locked-keys.ts';
import { tooManyLocks } from './locked-keys.ts';

/** A breaker that is not closed. Times in epoch ms. */
export interface OpenBreaker {
  readonly state: 'open' | 'half-open';
  /** `operator`: stays until an operator closes it. `locked-keys`: redelivery goes on, it is not the problem. */
  readonly cause: 'operator' | 'failures' | 'locked-keys';
  /** When it was closed last. */
  readonly since: number;
  readonly reason: string;
  /** The figures behind the reason. */
  readonly detail: string | null;
  /** Probes in a row that have succeeded. */
  readonly successes: number;
  /** When something failed last. */
  readonly failedAt: number;
}

export interface BreakerPolicy extends FailingPolicy, LoadLimit {
  /** Redeliveries in flight while it is open, and successes in a row that close it. */
  readonly probes: number;
}

/** What one replica knows at one moment. */
export interface Observed {
  /** Epoch ms, on a clock that all replicas share. */
  readonly now: number;
  /** Of the whole route; null: Redis has not said. */
  readonly lockedKeys: number | null;
  /** Outcomes of the last while, for each span the whole of it. */
  readonly tallies: readonly Tally[];
  /** Since the look before: whether anything failed, and how many redeliveries have succeeded since the last failure. */
  readonly lately: { readonly failures: number; readonly streak: number };
  /** Redeliveries in flight, of all replicas; null: Redis has not said. */
  readonly probing: number | null;
}

/** The longest time that a consumer is told to wait before it tries a blocked record again, ms. */
export const LONGEST_BLOCK = 10_000;
/** In this time each blocked partition has tried a record. If nothing failed meanwhile, they have succeeded. */
const QUIET = LONGEST_BLOCK + 2_000;
/** How often the register hears that failures go on, ms. */
const FAILED_NEWS = 2_000;

/** Who handles redeliveries with care: as few at a time as `probes`. */
export function isProbing(breaker: OpenBreaker | null): boolean {
  return breaker !== null && breaker.cause !== 'locked-keys';
}

/** In this time what was locked when it opened has been probed, ms. */
const SETTLED = 30_000;

/**
 * Whether a partition without a locked key hands one failure over to the probes. A message that fails for ever would hold up
 * its partition else, and by its failures keep the breaker open, long after all else is well.
 */
export function takesOne({ cause, since }: OpenBreaker, now: number): boolean {
  return cause === 'failures' && now - since > SETTLED;
}

/**
 * The breaker after a look. The same object where nothing changed; null = closed.
 *
 *   closed ──too many fail──▶ open ──a probe succeeds──▶ half-open ──`probes` in a row──▶ closed
 *     │                        ▲ ▲◀──something fails──────┘  │
 *     └──too many locks──▶ open│(new failures only) ──fewer than 90 % of the limit──▶ closed
 */
export function nextBreaker(
  breaker: OpenBreaker | null,
  seen: Observed,
  policy: BreakerPolicy,
): OpenBreaker | null {
  if (breaker?.cause === 'operator') return breaker;
  if (breaker?.cause === 'failures') return afterProbes(breaker, seen, policy);
  const detail = failing(seen.tallies, policy);
  if (detail !== null) {
    const since = breaker?.since ?? seen.now;
    return opened('failures', since, 'nearly everything fails', detail, seen.now);
  }
  const locks = tooManyLocks(seen.lockedKeys, policy, breaker !== null);
  if (locks === null) return null;
  return breaker ?? opened('locked-keys', seen.now, 'too many keys are locked', locks, seen.now);
}

function opened(
  cause: OpenBreaker['cause'],
  since: number,
  reason: string,
  detail: string | null,
  now: number,
): OpenBreaker {
  return { state: 'open', cause, since, reason, detail, successes: 0, failedAt: now };
}

/** One that an operator opens. */
export function openedByHand(now: number, reason: string): OpenBreaker {
  return opened('operator', now, reason, null, now);
}

function afterProbes(breaker: OpenBreaker, seen: Observed, policy: BreakerPolicy): OpenBreaker | null {
  const { now, lately, probing } = seen;
  const successes = (lately.failures > 0 ? 0 : breaker.successes) + lately.streak;
  if (successes >= policy.probes) return closed(breaker, seen, policy);
  const state = successes > 0 ? 'half-open' : 'open';
  if (lately.failures > 0) {
    if (state === breaker.state && successes === breaker.successes && now - breaker.failedAt < FAILED_NEWS)
      return breaker;
    return { ...breaker, state, successes, failedAt: now };
  }
  if (lately.streak > 0) return { ...breaker, state, successes };
  // Blocked records are not reported when they succeed: that nothing fails any more is how one sees it.
  if (probing !== 0 || now - breaker.failedAt < QUIET) return breaker;
  return breaker.state === 'open'
    ? { ...breaker, state: 'half-open', failedAt: now }
    : closed(breaker, seen, policy);
}

/** What it was opened for is over; there may be too many locks by now. */
function closed({ since }: OpenBreaker, seen: Observed, policy: BreakerPolicy): OpenBreaker | null {
  const locks = tooManyLocks(seen.lockedKeys, policy, false);
  return locks === null ? null : opened('locked-keys', since, 'too many keys are locked', locks, seen.now);
}
