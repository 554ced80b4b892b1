/** Counts what is in a handler, and what is between a handler and its end, and tells when nothing is. */
export class WorkCount {
  #active = 0;
  #handling = 0;
  #settled: (() => void)[] = [];

  /** How many records are in a handler, or between it and their end. */
  get active(): number {
    return this.#active;
  }

  /** How many records are in a handler. */
  get handling(): number {
    return this.#handling;
  }

  begin(): void {
    this.#active += 1;
  }

  end(): void {
    this.#active -= 1;
    if (this.#active > 0 || this.#settled.length === 0) return;
    const waiting = this.#settled;
    this.#settled = [];
    for (const resolve of waiting) resolve();
  }

  beginHandling(): void {
    this.#active += 1;
    this.#handling += 1;
  }

  /** The handler has ended; the work, which `end` ends, goes on. */
  endHandling(): void {
    this.#handling -= 1;
  }

  /** Resolves when no handler runs, and all that had run is reported and published. */
  settled(): Promise<void> {
    if (this.#active === 0) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }
}
