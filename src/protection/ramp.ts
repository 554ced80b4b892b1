export interface RampPolicy {
  /** Redeliveries per second of the route. */
  readonly startPerSecond: number;
  readonly maxPerSecond: number;
}

/** How fast a route may be redelivered at the moment. */
export interface Ramp {
  readonly perSecond: number;
  /** `doubling` until something goes wrong, then `adding`. */
  readonly growth: 'doubling' | 'adding';
  /** When the window began that is being watched, ms on a clock that does not jump. */
  readonly since: number;
  /** Which share of the outcomes of the window before were failures; null: too few to say. */
  readonly failing: number | null;
}

/** What came of the redeliveries of a window. */
export interface RampWindow {
  readonly outcomes: number;
  readonly failed: number;
  /** The group falls behind on the main topic while we redeliver. */
  readonly lagGrows: boolean;
}

/** How long the outcomes of a rate are watched before it changes, ms. */
export const RAMP_WINDOW = 5_000;
/**
 * A window is bad where at least half of its outcomes are failures, and clearly more than in the one before: what fails at any
 * rate says nothing about this one. What can't succeed stays in the box and comes again, so most retries of a route with some
 * such keys fail, always. Fewer outcomes than `ENOUGH` say nothing.
 */
const FAILURE_SHARE = 0.5;
const WORSE_BY = 0.1;
const ENOUGH = 20;

/** After a start, an outage, and when the breaker has closed. */
export function startRamp({ startPerSecond, maxPerSecond }: RampPolicy, now: number): Ramp {
  return { perSecond: Math.min(startPerSecond, maxPerSecond), growth: 'doubling', since: now, failing: null };
}

/** The rate after what was seen; the same object until its window is over. */
export function climb(ramp: Ramp, seen: RampWindow, policy: RampPolicy, now: number): Ramp {
  if (now - ramp.since < RAMP_WINDOW) return ramp;
  const { maxPerSecond } = policy;
  const least = Math.min(policy.startPerSecond, maxPerSecond);
  const failing = seen.outcomes < ENOUGH ? null : seen.failed / seen.outcomes;
  const worse =
    failing !== null && failing >= FAILURE_SHARE && failing - (ramp.failing ?? failing) >= WORSE_BY;
  if (worse || seen.lagGrows) {
    return { perSecond: Math.max(least, ramp.perSecond / 2), growth: 'adding', since: now, failing };
  }
  const wanted = ramp.growth === 'doubling' ? ramp.perSecond * 2 : ramp.perSecond + least;
  return { ...ramp, perSecond: Math.min(maxPerSecond, wanted), since: now, failing };
}
