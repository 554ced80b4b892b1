/**
 * Lets so many pass in a second, counted from the first that asks: it starts empty, so that the average since then never
 * exceeds the limit. What was not used is kept for a tenth of a second, which evens out what holds up a busy process, and
 * is no burst to speak of. Times in ms, monotonic.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens = 0;
  #at: number | null = null;

  /** `perSecond: null` = no limit. */
  constructor(perSecond: number | null) {
    this.#perMs = perSecond === null ? Infinity : perSecond / 1_000;
    // One more, for what is left of a token must not be lost while the next one is waited for.
    this.#capacity = 1 + this.#perMs * KEPT;
  }

  /** Takes up to `wanted`, and says how many. */
  take(wanted: number, now: number): number {
    if (this.#perMs === Infinity) return wanted;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - (this.#at ?? now)) * this.#perMs);
    this.#at = now;
    const taken = Math.min(wanted, Math.floor(this.#tokens + ROUNDING));
    this.#tokens -= taken;
    return taken;
  }

  /** How long to wait until some of so many may pass: a few at a time, rather than one timer for each. */
  wait(wanted: number): number {
    if (this.#perMs === Infinity) return 0;
    const some = Math.min(wanted, Math.max(1, this.#perMs * SLICE));
    return Math.max(0, (some - this.#tokens) / this.#perMs);
  }
}

const KEPT = 100;
const SLICE = 20;
/** What is missing from a whole token by the arithmetic of fractions alone. */
const ROUNDING = 1e-9;
