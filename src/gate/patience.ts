import type { GateClock } from './clock.ts';

/** How long something has been waiting for an answer of the service, and who is told when that is too long. */
export class Patience {
  readonly #clock: GateClock;
  readonly #ms: number;
  readonly #onOver: () => void;
  #cancel: (() => void) | undefined;

  /** `ms`: Infinity is never too long. */
  constructor(clock: GateClock, ms: number, onOver: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#onOver = onOver;
  }

  /** Something waits. Counts from the first call on, until `end`. */
  begin(): void {
    if (this.#cancel !== undefined || this.#ms === Infinity) return;
    const over = (): void => {
      this.#cancel = undefined;
      this.#onOver();
    };
    this.#cancel = this.#clock.after(this.#ms, over, { background: true });
  }

  /** There was an answer, or nothing waits any more. */
  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
