export interface BackoffOptions {
  initialMs: number;
  maxMs: number;
  random: () => number;
}

/** Doubling delays with up to 20 % of jitter on top, so that many consumers do not come back in step. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure and says how long to wait. `atLeastMs` is what the other side asked for. */
  next(atLeastMs = 0): number {
    const { initialMs, maxMs, random } = this.#options;
    const delay = Math.min(maxMs, initialMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.max(atLeastMs, delay * (1 + 0.2 * random()));
  }

  reset(): void {
    this.#failures = 0;
  }
}
