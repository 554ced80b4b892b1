import type { Clock } from './clock.ts';
import type { Component } from './component.ts';

interface Deps {
  /** ms from the end of one look to the next one, and before the first. */
  readonly interval: number;
  /** Never rejects. */
  readonly look: () => Promise<void>;
  readonly clock: Clock;
}

/** Looks again and again, one look after another, until it is stopped. */
export class Recurring implements Component {
  readonly #deps: Deps;
  readonly #abort = new AbortController();
  #running: Promise<void> | null = null;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    this.#running = this.#run();
    return Promise.resolve();
  }

  /** Resolves when a look that is under way is over. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { interval, look, clock } = this.#deps;
    while (!this.#isStopped()) {
      await clock.sleep(interval, this.#abort.signal).catch(() => undefined);
      if (!this.#isStopped()) await look();
    }
  }

  // Not by the signal: it changes while a run waits, and the compiler takes it for what it was.
  #isStopped(): boolean {
    return this.#abort.signal.aborted;
  }
}
