import type { Clock } from './clock.ts';
import type { Component } from './component.ts';

interface Deps {
  /** ms before the first look, and from the end of one to the next one. */
  readonly interval: number;
  /** The first look is not waited for. */
  readonly atOnce?: boolean;
  /** Never rejects. May end early when it is aborted. May answer in how many ms to look again, instead of after the interval. */
  readonly look: (signal: AbortSignal) => Promise<number | undefined> | Promise<void>;
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
    const { interval, atOnce = false, look, clock } = this.#deps;
    const { signal } = this.#abort;
    let next = atOnce ? await look(signal) : interval;
    while (!this.#isStopped()) {
      await clock.sleep(next ?? interval, signal).catch(() => undefined);
      if (!this.#isStopped()) next = await look(signal);
    }
  }

  // Not by the signal: it changes while a run waits, and the compiler takes it for what it was.
  #isStopped(): boolean {
    return this.#abort.signal.aborted;
  }
}
