import { type Clock, sleepOn, type Timer } from '../../src/clock.ts';

interface Waiting {
  readonly dueAt: number;
  readonly callback: () => void;
}

/** Lets everything run that is ready to: promise chains of any length, and what they start in turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Time that moves only when it is told to.
 *
 * `advance` stops at every timer on its way and lets what it set off finish before it goes on, so that a loop that sleeps,
 * works and sleeps again does all of its rounds, each at its own time.
 */
export class FakeClock implements Clock {
  #wall: number;
  #monotonic = 0;
  readonly #waiting = new Set<Waiting>();

  constructor(startAt: number | string = '2026-01-01T00:00:00Z') {
    this.#wall = typeof startAt === 'string' ? Date.parse(startAt) : startAt;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, callback: () => void): Timer {
    const waiting = { dueAt: this.#monotonic + Math.max(0, ms), callback };
    this.#waiting.add(waiting);
    return { cancel: () => void this.#waiting.delete(waiting) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn((delay, callback) => this.after(delay, callback), ms, signal);
  }

  /** How many timers are waiting: none should be, after a stop. */
  get timers(): number {
    return this.#waiting.size;
  }

  /** Moves both clocks by `ms`, calling what becomes due in order; resolves when all of it has settled. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    for (let next = this.#earliest(end); next !== undefined; next = this.#earliest(end)) {
      this.#waiting.delete(next);
      this.#moveTo(next.dueAt);
      next.callback();
      await settle();
    }
    this.#moveTo(end);
  }

  /** Somebody sets the wall clock: nothing else moves. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #moveTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  #earliest(end: number): Waiting | undefined {
    let earliest: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (waiting.dueAt <= end && (earliest === undefined || waiting.dueAt < earliest.dueAt))
        earliest = waiting;
    }
    return earliest;
  }
}
