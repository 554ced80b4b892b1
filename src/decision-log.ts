import { keyFields } from './domain/key-fields.ts';
import { originOffsetOf } from './domain/place.ts';
import { keyOf, type Unit } from './domain/unit.ts';
import type { Logger } from './logger.ts';
import type { Job } from './penalty-box/entry.ts';
import type { GateOutcome, GateRecord, OutcomeResult, Verdict } from './penalty-box/gate-box.ts';
import type { Told } from './penalty-box/scripts.ts';

interface Deps {
  /** Of the route. */
  readonly logger: Logger;
  /** Keys may stand in the log. */
  readonly keys: boolean;
}

/** One line at `debug` for each decision about a message. Nothing is made where nobody reads it. */
export class DecisionLog {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  admitted(partition: number, records: readonly GateRecord[], verdicts: readonly Verdict[]): void {
    const { logger } = this.#deps;
    if (!logger.writes('debug')) return;
    verdicts.forEach(({ kind }, index) => {
      const record = records[index];
      if (record === undefined) return;
      const { origin: offset, token, unit } = record;
      const redelivered = token !== null;
      logger.debug(
        { event: 'admission', partition, offset, verdict: kind, redelivered, ...this.#keyOf(unit) },
        'a record was judged',
      );
    });
  }

  told(partition: number, outcomes: readonly GateOutcome[], results: readonly OutcomeResult[]): void {
    const { logger } = this.#deps;
    if (!logger.writes('debug')) return;
    results.forEach((result, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined) return;
      const { origin: offset, token, unit, failure } = outcome;
      const more = {
        ...{ failed: failure !== null, redelivered: token !== null },
        ...('attempt' in result ? { attempt: result.attempt } : {}),
        ...('nextAttemptAt' in result ? { nextAttemptAt: result.nextAttemptAt } : {}),
      };
      logger.debug(
        { event: 'outcome', partition, offset, result: result.kind, ...more, ...this.#keyOf(unit) },
        'an outcome was told',
      );
    });
  }

  /** What calls changed about keys; the outcomes among it have lines of their own. */
  changed(partition: number, changes: readonly Told[]): void {
    const { logger } = this.#deps;
    if (!logger.writes('debug')) return;
    for (const { kind, unit, place, detail: reason } of changes) {
      const about = { partition, ...this.#keyOf(unit) };
      const offset = place === null ? null : originOffsetOf(place);
      const at = offset === null ? {} : { offset };
      if (kind === 'locked') logger.debug({ event: 'key_locked', ...at, ...about }, 'a key was locked');
      if (kind === 'unlocked') logger.debug({ event: 'key_unlocked', reason, ...about }, 'it is free again');
      if (kind === 'parked') logger.debug({ event: 'key_parked', reason, ...about }, 'a key is held');
      if (kind === 'unparked') logger.debug({ event: 'key_unparked', ...about }, 'it goes on');
    }
  }

  released(partition: number, jobs: readonly Job[]): void {
    const { logger } = this.#deps;
    if (!logger.writes('debug')) return;
    for (const { retryOffset: offset, attempt, deadLetter, unit } of jobs) {
      const to = deadLetter === null ? { to: 'redelivery' } : { to: 'dead-letter', reason: deadLetter };
      logger.debug(
        { event: 'released', partition, offset, attempt, ...to, ...this.#keyOf(unit) },
        'it is due',
      );
    }
  }

  redelivered(partition: number, { retryOffset: offset, unit }: Job, latenessMs: number): void {
    const { logger } = this.#deps;
    if (!logger.writes('debug')) return;
    logger.debug(
      { event: 'redelivered', partition, offset, latenessMs, ...this.#keyOf(unit) },
      'Kafka has the redelivery',
    );
  }

  inferred(partition: number, succeeded: number): void {
    if (succeeded === 0) return;
    this.#deps.logger.debug(
      { event: 'outcome_inferred', partition, succeeded },
      'the group committed past them',
    );
  }

  #keyOf(unit: Unit): object {
    return this.#deps.keys ? keyFields(keyOf(unit)) : {};
  }
}
