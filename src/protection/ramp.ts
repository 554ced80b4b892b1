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
/** Of the outcomes of a window, so many may fail. Fewer outcomes than `ENOUGH` say nothing. */
const FAILURE_SHARE = 0.5;
const ENOUGH = 20;

/** After a start, an outage, and when the breaker has closed. */
export function startRamp({ startPerSecond, maxPerSecond }: RampPolicy, now: number): Ramp {
  return { perSecond: Math.min(startPerSecond, maxPerSecond), growth: 'doubling', since: now };
}

/** The rate after what was seen; the same object until its window is over. */
export function climb(ramp: Ramp, seen: RampWindow, policy: RampPolicy, now: number): Ramp {
  if (now - ramp.since < RAMP_WINDOW) return ramp;
  const { maxPerSecond } = policy;
  const least = Math.min(policy.startPerSecond, maxPerSecond);
  if (isBad(seen)) {
    return { perSecond: Math.max(least, ramp.perSecond / 2), growth: 'adding', since: now };
  }
  const wanted = ramp.growth === 'doubling' ? ramp.perSecond * 2 : ramp.perSecond + least;
  return { ...ramp, perSecond: Math.min(maxPerSecond, wanted), since: now };
}

function isBad({ outcomes, failed, lagGrows }: RampWindow): boolean {
  return lagGrows || (outcomes >= ENOUGH && failed >= outcomes * FAILURE_SHARE);
}
