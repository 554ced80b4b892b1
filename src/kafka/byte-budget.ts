/** Bytes that somebody has in memory until he says that they are over. Ending it twice is fine. */
export interface Lease {
  /** They wait for something else than Kafka's acknowledgement. False: too much waits already, and they are to be let go. */
  park(): boolean;
  end(): void;
}

interface Limits {
  /** While so much is lent, nothing more is read: one record may go beyond it. */
  readonly lent: number;
  /** Less than `lent`: what waits for something that has to be read itself must never take all of it. */
  readonly parked: number;
}

/** How much of what was read from Kafka may be in memory at a time. */
export class ByteBudget {
  readonly #limits: Limits;
  #lent = 0;
  #parked = 0;
  #waiting: (() => void)[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get spent(): boolean {
    return this.#lent >= this.#limits.lent;
  }

  /** Resolves when something may be read. */
  async room(): Promise<void> {
    while (this.spent) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  lend(bytes: number): Lease {
    this.#lent += bytes;
    let [over, parked] = [false, false];
    return {
      park: () => {
        if (!parked && this.#parked + bytes > this.#limits.parked) return false;
        if (!parked) this.#parked += bytes;
        parked = true;
        return true;
      },
      end: () => {
        if (over) return;
        over = true;
        this.#lent -= bytes;
        if (parked) this.#parked -= bytes;
        if (!this.spent) for (const resolve of this.#waiting.splice(0)) resolve();
      },
    };
  }
}
