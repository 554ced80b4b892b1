interface Reading {
  readonly at: number;
  readonly count: number;
}

const WINDOW = 5_000;

/** How fast a count grows: over the last few seconds. Times in ms, monotonic. */
export class Speed {
  readonly #readings: Reading[];

  constructor(count: number, now: number) {
    this.#readings = [{ at: now, count }];
  }

  /** In a second. */
  perSecond(count: number, now: number): number {
    this.#readings.push({ at: now, count });
    while (this.#readings.length > 2 && (this.#readings[1]?.at ?? now) < now - WINDOW) this.#readings.shift();
    const first = this.#readings[0] ?? { at: now, count };
    return now > first.at ? ((count - first.count) * 1_000) / (now - first.at) : 0;
  }
}
