import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Logger } from '../logger.ts';
import { Recurring } from '../recurring.ts';
import { Trouble } from '../trouble.ts';
import { isProbing, nextBreaker } from './breaker.ts';
import type { BreakerPolicy, Observed, OpenBreaker } from './breaker.ts';
import type { Tally } from './failing.ts';
import type { OutcomeWindow } from './outcome-window.ts';
import type { Outcomes } from './outcomes.ts';
import type { ProbeGrants } from './probe-grants.ts';
import { RAMP_WINDOW } from './ramp.ts';
import type { RedeliveryRate } from './redelivery-rate.ts';
import type { RouteControl } from './route-control.ts';
import type { SharedTallies } from './shared-tallies.ts';

/** Something that the breaker did by itself. */
export interface BreakerDeed {
  readonly action: 'breaker-open' | 'breaker-closed';
  readonly reason: string;
  readonly detail: string | null;
}

interface Deps {
  readonly policy: BreakerPolicy;
  readonly control: Pick<RouteControl, 'state' | 'version' | 'change'>;
  readonly window: OutcomeWindow;
  readonly outcomes: Outcomes;
  readonly shared: Pick<SharedTallies, 'exchange'>;
  readonly grants: Pick<ProbeGrants, 'total'>;
  readonly rate: RedeliveryRate;
  /** null: nobody has counted them. */
  readonly lockedKeys: () => number | null;
  /** Epoch ms, on a clock that all replicas share. */
  readonly now: () => number;
  readonly onDeed: (deed: BreakerDeed) => void;
  /** After each look. */
  readonly onLook: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INTERVAL = 1_000;
/** Redis was away for so long that what depends on it begins slowly again, ms. */
const OUTAGE = 5_000;

/** Looks once a second at what became of records on all replicas: opens and closes the breaker, and sets the rate. */
export class CircuitBreaker implements Component {
  readonly #deps: Deps;
  readonly #spans: readonly number[];
  readonly #looks: Recurring;
  readonly #trouble: Trouble;
  #answeredAt: number;

  constructor(deps: Deps) {
    this.#deps = deps;
    const { window } = deps.policy;
    // The shortest first: a dependency that is down shows at once where much is handled.
    this.#spans = [2_000, RAMP_WINDOW, 10_000].filter((span) => span < window).concat(window);
    this.#trouble = new Trouble(deps.logger);
    this.#looks = new Recurring({ interval: INTERVAL, look: () => this.look(), clock: deps.clock });
    this.#answeredAt = deps.clock.monotonic();
  }

  start(): Promise<void> {
    return this.#looks.start();
  }

  stop(): Promise<void> {
    return this.#looks.stop();
  }

  /** One look. Never rejects: while Redis is away, the breaker stays as it is. */
  async look(): Promise<void> {
    const { control, window, rate, clock, shared } = this.#deps;
    const now = clock.monotonic();
    const own = [RAMP_WINDOW, ...this.#spans].map((span) => window.tally(now, span));
    try {
      const [lately, ...tallies] = await shared.exchange(control.version, own);
      if (clock.monotonic() - this.#answeredAt > OUTAGE) rate.restart('Redis was away');
      this.#answeredAt = clock.monotonic();
      if (lately !== undefined) {
        const { failed, succeeded } = lately;
        rate.look({ failed, outcomes: failed + succeeded }, isProbing(control.state.breaker));
      }
      await this.#decide(tallies);
      this.#trouble.over('breaker_goes_on', 'the circuit breaker is watched again');
    } catch (err) {
      this.#trouble.met(
        { event: 'breaker_unwatched', err },
        'Redis did not answer: the circuit breaker stays as it is',
      );
    }
    this.#deps.onLook();
  }

  async #decide(tallies: readonly Tally[]): Promise<void> {
    const { control, outcomes, policy, lockedKeys, now } = this.#deps;
    const { breaker } = control.state;
    const seen: Observed = {
      now: now(),
      lockedKeys: lockedKeys(),
      tallies,
      lately: outcomes.lately,
      probing: await this.#probing(breaker),
    };
    const changed: { from: OpenBreaker | null; to: OpenBreaker | null } = { from: breaker, to: breaker };
    if (nextBreaker(breaker, seen, policy) !== breaker) {
      await control.change((state) => {
        changed.from = state.breaker;
        changed.to = nextBreaker(state.breaker, seen, policy);
        return changed.to === state.breaker ? state : { ...state, breaker: changed.to };
      });
    }
    outcomes.heard();
    this.#tell(changed.from, changed.to);
  }

  async #probing(breaker: OpenBreaker | null): Promise<number | null> {
    return breaker?.cause === 'failures' ? this.#deps.grants.total(breaker.since) : null;
  }

  #tell(from: OpenBreaker | null, to: OpenBreaker | null): void {
    const { logger, onDeed } = this.#deps;
    if (from?.state === to?.state && from?.cause === to?.cause) return;
    if (to === null) {
      logger.info({ event: 'breaker_closed', was: from?.reason }, 'the circuit breaker has closed');
      onDeed({ action: 'breaker-closed', reason: `no longer: ${from?.reason ?? ''}`, detail: null });
      return;
    }
    const { state, reason, detail } = to;
    if (state === 'half-open' || from?.state === 'half-open') {
      const event = state === 'half-open' ? 'breaker_half_open' : 'breaker_reopened';
      logger.info({ event, reason }, `the circuit breaker is ${state}`);
      return;
    }
    logger.warn({ event: 'breaker_open', reason, detail }, 'the circuit breaker has opened');
    onDeed({ action: 'breaker-open', reason, detail });
  }
}
