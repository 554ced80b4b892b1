import type { Arrival } from '../penalty-box/entry.ts';
import type { GateOutcome, GateRecord, OutcomeResult, Verdict } from '../penalty-box/gate-box.ts';
import type { OutcomeWindow } from './outcome-window.ts';

interface Deps {
  readonly window: OutcomeWindow;
  /** Redelivered records lie in the main topic, between the fresh ones. */
  readonly amongFresh: boolean;
  /** ms on a clock that does not jump. */
  readonly monotonic: () => number;
}

/** What the breaker asks for between two looks. */
export interface Lately {
  readonly failures: number;
  /** Redeliveries that have succeeded since the last failure. */
  readonly streak: number;
}

/** Hears what became of records on this replica, from gates, from retry records and from evidence. */
export class Outcomes {
  readonly #deps: Deps;
  #failures = 0;
  #streak = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get lately(): Lately {
    return { failures: this.#failures, streak: this.#streak };
  }

  /** Forgets what `lately` said. */
  heard(): void {
    this.#failures = 0;
    this.#streak = 0;
  }

  /** A gate told outcomes. */
  told(partition: number, outcomes: readonly GateOutcome[], results: readonly OutcomeResult[]): void {
    const { window, monotonic } = this.#deps;
    results.forEach(({ kind }, i) => {
      const outcome = outcomes[i];
      if (outcome === undefined) return;
      if (kind === 'done') this.#redelivered(partition, outcome, false);
      else if (kind === 'recorded' || kind === 'deadLettered') this.#redelivered(partition, outcome, true);
      // A blocked record comes again, and would be counted each time: it only says that things still fail.
      else if (kind === 'block') this.#failed();
      else if (kind === 'redirect') {
        window.fresh(monotonic(), partition, outcome.origin, outcome.unit);
        this.#failed();
      }
    });
  }

  /** A gate asked about records. */
  judged(partition: number, records: readonly GateRecord[], verdicts: readonly Verdict[]): void {
    const aside = verdicts.filter(
      ({ kind }, i) => (kind === 'skip' || kind === 'redirect') && records[i]?.token === null,
    ).length;
    this.#deps.window.aside(this.#deps.monotonic(), partition, aside);
  }

  /** A retry record came that tells of a failure, and that no gate has announced. */
  arrived(partition: number, { token, origin, unit }: Arrival): void {
    if (token !== null) this.#redelivered(partition, { unit }, true);
    else {
      this.#deps.window.fresh(this.#deps.monotonic(), partition, origin, unit);
      this.#failed();
    }
  }

  /** Evidence has shown that so many redelivered records succeeded. */
  succeeded(count: number): void {
    const { window, amongFresh, monotonic } = this.#deps;
    window.succeeded(monotonic(), count);
    if (!amongFresh) window.committed(monotonic(), count);
    this.#streak += count;
  }

  #redelivered(partition: number, { unit }: Pick<GateRecord, 'unit'>, failed: boolean): void {
    const { window, amongFresh, monotonic } = this.#deps;
    window.redelivered(monotonic(), amongFresh ? partition : null, unit, failed);
    if (!amongFresh) window.committed(monotonic(), 1);
    if (failed) this.#failed();
    else this.#streak++;
  }

  #failed(): void {
    this.#failures++;
    this.#streak = 0;
  }
}
