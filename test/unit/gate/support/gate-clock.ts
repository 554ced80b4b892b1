import type { GateClock } from '../../../../src/gate/clock.ts';

interface Timer {
  at: number;
  fn: () => void;
  background: boolean;
}

/** Lets everything that is ready to run, run. Nothing in here waits for real time. */
export async function turns(count = 3): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A clock that stands still until it is moved. */
export class ManualGateClock implements GateClock {
  #now = 0;
  #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void, options?: { background?: boolean }): () => void {
    const timer = { at: this.#now + ms, fn, background: options?.background === true };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  get pending(): number {
    return this.#timers.filter(({ background }) => !background).length;
  }

  /** Moves on by `ms`, firing what falls due in its order, each after what the one before set off. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await turns();
      const [next] = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.fn();
    }
    this.#now = until;
    await turns();
  }

  /** Moves on from timer to timer until `done` says so. */
  async until(done: () => boolean, limitMs = 600_000): Promise<void> {
    const limit = this.#now + limitMs;
    await turns(1);
    while (!done()) {
      const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
      if (next === undefined || next.at > limit) throw new Error(`still waiting at ${this.#now} ms`);
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.fn();
      await turns(1);
    }
  }
}
