/** One shard's access to the limit. */
export interface ShardLimit {
  /** How many may go now. */
  available(): number;
  take(count: number): void;
  /** ms until it is worth asking again. */
  wait(): number;
}

const SECOND = 1_000;
/** What is released evenly arrives less evenly: this much below the limit, nobody sees more than the limit in any second. */
const PACE = 0.95;
/** What may be saved up, in seconds of the rate. */
const BURST = 0.05;
/** When a shard that is ahead of others asks again, ms. */
const NEXT_TURN = 10;
/** A shard that was refused asks again when it was told to, and no later than so long after, ms. */
const LATE = 50;

/**
 * Lets at most so many redeliveries through in any second, evenly. While several shards want more than there is, none of
 * them gets ahead of the others.
 */
export class ReleaseLimit {
  readonly #monotonic: () => number;
  readonly #perSecond: () => number;
  #tokens = 0;
  #filledAt: number;
  /** What was taken in the last second, the oldest first. */
  readonly #taken: { readonly at: number; readonly shard: number; readonly count: number }[] = [];
  #total = 0;
  readonly #totals = new Map<number, number>();
  /** Shards that were refused, and until when they will have asked again. */
  readonly #refused = new Map<number, number>();

  /** `perSecond` is asked each time: this replica's share of the route's limit changes with the shards that it owns. */
  constructor(monotonic: () => number, perSecond: () => number) {
    this.#monotonic = monotonic;
    this.#perSecond = perSecond;
    this.#filledAt = monotonic();
  }

  of(shard: number): ShardLimit {
    return {
      available: () => this.#available(shard),
      take: (count) => {
        this.#take(shard, count);
      },
      wait: () => this.#wait(shard),
    };
  }

  #available(shard: number): number {
    const now = this.#monotonic();
    const rate = this.#perSecond();
    this.#fill(now, rate);
    const free = Math.min(this.#tokens, this.#most(rate) - this.#total, this.#lead(shard, now, rate));
    if (free >= 1) {
      this.#refused.delete(shard);
      return Math.floor(free);
    }
    if (rate > 0) this.#refused.set(shard, now + this.#wait(shard) + LATE);
    return 0;
  }

  #take(shard: number, count: number): void {
    if (count === 0) return;
    this.#tokens -= count;
    this.#taken.push({ at: this.#monotonic(), shard, count });
    this.#total += count;
    this.#totals.set(shard, (this.#totals.get(shard) ?? 0) + count);
  }

  #wait(shard: number): number {
    const now = this.#monotonic();
    const rate = this.#perSecond();
    if (rate === 0) return SECOND;
    const [oldest] = this.#taken;
    const full = this.#total >= this.#most(rate) && oldest !== undefined;
    const waits = [
      ((1 - this.#tokens) / (rate * PACE)) * SECOND,
      full ? oldest.at + SECOND - now : 0,
      this.#lead(shard, now, rate) < 1 ? NEXT_TURN : 0,
    ];
    return Math.min(SECOND, Math.max(1, Math.ceil(Math.max(...waits))));
  }

  #fill(now: number, rate: number): void {
    // Paused: also what had been saved up stays.
    if (rate === 0) this.#tokens = 0;
    const more = ((now - this.#filledAt) / SECOND) * rate * PACE;
    this.#tokens = Math.min(Math.max(1, rate * BURST), this.#tokens + more);
    this.#filledAt = now;
    for (let [first] = this.#taken; first !== undefined && first.at <= now - SECOND; [first] = this.#taken) {
      this.#taken.shift();
      this.#total -= first.count;
      this.#totals.set(first.shard, (this.#totals.get(first.shard) ?? 0) - first.count);
    }
  }

  /** In any second. A rate below 1 is kept by the tokens. */
  #most(rate: number): number {
    return rate === 0 ? 0 : Math.max(1, Math.floor(rate));
  }

  /** How many the shard may take before it is ahead of one that waits. */
  #lead(shard: number, now: number, rate: number): number {
    let [least, waiting] = [Infinity, 0];
    for (const [other, until] of this.#refused) {
      if (until <= now) this.#refused.delete(other);
      else if (other !== shard) {
        waiting++;
        least = Math.min(least, this.#totals.get(other) ?? 0);
      }
    }
    return least + Math.max(1, (rate * BURST) / (waiting + 1)) - (this.#totals.get(shard) ?? 0);
  }
}
