/** Lets at most so many redeliveries through per second, with bursts of up to a tenth of a second's worth. */
export class ReleaseLimit {
  readonly #monotonic: () => number;
  readonly #perSecond: () => number;
  #tokens = 0;
  #filledAt: number;

  /** `perSecond` is asked each time: this replica's share of the route's limit changes with the shards that it owns. */
  constructor(monotonic: () => number, perSecond: () => number) {
    this.#monotonic = monotonic;
    this.#perSecond = perSecond;
    this.#filledAt = monotonic();
  }

  /** How many may go now. */
  available(): number {
    const now = this.#monotonic();
    const rate = this.#perSecond();
    // Paused: also what had been saved up stays.
    if (rate === 0) this.#tokens = 0;
    this.#tokens = Math.min(Math.max(1, rate / 10), this.#tokens + ((now - this.#filledAt) / 1_000) * rate);
    this.#filledAt = now;
    return Math.floor(this.#tokens);
  }

  take(count: number): void {
    this.#tokens -= count;
  }

  /** ms until one may go. */
  wait(): number {
    return Math.max(1, Math.ceil(((1 - this.#tokens) / this.#perSecond()) * 1_000));
  }
}
