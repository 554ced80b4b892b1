import type { Logger } from '../logger.ts';
import { LagWatch } from './lag-watch.ts';
import { climb, RAMP_WINDOW, startRamp } from './ramp.ts';
import type { Ramp, RampPolicy } from './ramp.ts';

interface Deps {
  readonly policy: RampPolicy;
  /** ms on a clock that does not jump. */
  readonly monotonic: () => number;
  readonly logger: Logger;
}

/** How fast the route is redelivered now. */
export class RedeliveryRate {
  readonly #deps: Deps;
  readonly #lag = new LagWatch();
  #ramp: Ramp;
  #redelivered = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#ramp = startRamp(deps.policy, deps.monotonic());
  }

  /** Of the whole route. */
  get perSecond(): number {
    return this.#ramp.perSecond;
  }

  get growth(): Ramp['growth'] {
    return this.#ramp.growth;
  }

  /** Begins low again. */
  restart(why: string): void {
    const { policy, monotonic, logger } = this.#deps;
    const { perSecond } = this.#ramp;
    this.#ramp = startRamp(policy, monotonic());
    if (perSecond === this.#ramp.perSecond) return;
    logger.info(
      { event: 'redelivery_slow', why, perSecond: this.#ramp.perSecond, before: perSecond },
      'redelivery begins slowly again',
    );
  }

  lag(records: number): void {
    this.#lag.note(records);
  }

  redelivered(count: number): void {
    this.#redelivered += count;
  }

  /** What came of redeliveries in the last window; `held`: the breaker is open, and the rate stays. */
  look(seen: { readonly outcomes: number; readonly failed: number }, held: boolean): void {
    const { policy, monotonic, logger } = this.#deps;
    const now = monotonic();
    const before = this.#ramp;
    if (now - before.since < RAMP_WINDOW) return;
    // A second's worth of redeliveries more or less is no trend.
    const lagGrows = this.#lag.grew(before.perSecond) && this.#redelivered > 0;
    this.#redelivered = 0;
    this.#ramp = held ? { ...before, since: now } : climb(before, { ...seen, lagGrows }, policy, now);
    if (this.#ramp.perSecond >= before.perSecond) return;
    logger.info(
      { event: 'redelivery_slower', perSecond: this.#ramp.perSecond, before: before.perSecond, lagGrows },
      lagGrows
        ? 'the group falls behind: redelivery slows down'
        : 'most redeliveries fail: redelivery slows down',
    );
  }
}
