import type { Clock, Timer } from '../clock.ts';
import type { Component } from '../component.ts';

interface Deps {
  readonly clock: Clock;
  /** By how much a timer was late, seconds. */
  readonly onLag: (seconds: number) => void;
}

/** ms. Something that holds the process up for longer is seen once; the share of the time that is lost shows in the sum. */
const INTERVAL = 100;

/** Looks again and again how late a timer fires: nothing else of the process could run for so long. */
export class EventLoopLag implements Component {
  readonly #deps: Deps;
  #timer: Timer | null = null;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    this.#schedule();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#timer?.cancel();
    return Promise.resolve();
  }

  #schedule(): void {
    const { clock, onLag } = this.#deps;
    const due = clock.monotonic() + INTERVAL;
    this.#timer = clock.after(
      INTERVAL,
      () => {
        onLag(Math.max(0, clock.monotonic() - due) / 1_000);
        this.#schedule();
      },
      { unref: true },
    );
  }
}
