import type { Clock, Timer } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Logger } from '../logger.ts';
import { Trouble } from '../trouble.ts';
import type { FailureStore } from './failure-store.ts';
import { FailureTally } from './failure-tally.ts';
import type { Failed } from './failure-tally.ts';

interface Deps {
  readonly store: Pick<FailureStore, 'add'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INTERVAL = 1_000;

/**
 * Counts what fails on a route, and tells Redis once a second. A statistic: a process that is killed takes a second of it
 * along, and what Redis does not take is dropped.
 */
export class FailureLog implements Component {
  readonly #deps: Deps;
  readonly #tally = new FailureTally();
  readonly #trouble: Trouble;
  #timer: Timer | null = null;
  #stopped = false;
  #flushing: Promise<void> = Promise.resolve();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#flush();
  }

  add(failed: Failed): void {
    this.#tally.add(failed, this.#deps.clock.now());
    if (this.#timer !== null || this.#stopped) return;
    this.#timer = this.#deps.clock.after(
      INTERVAL,
      () => {
        this.#timer = null;
        void this.#flush();
      },
      { unref: true },
    );
  }

  /** Resolves when all that was counted is in Redis, or was dropped. */
  #flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#tell());
    return this.#flushing;
  }

  async #tell(): Promise<void> {
    if (this.#tally.isEmpty) return;
    try {
      await this.#deps.store.add(this.#tally.take());
      this.#trouble.over('failures_counted', 'failures are counted again');
    } catch (err) {
      this.#trouble.met(
        { event: 'failures_not_counted', err },
        'Redis did not take a second of the failure counts',
      );
    }
  }
}
