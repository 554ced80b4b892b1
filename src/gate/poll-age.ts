import type { GateClock } from './clock.ts';
import type { OnEvent } from './events.ts';

/**
 * How long ago the consumer last polled with success. One that was frozen may have lost its partitions without
 * knowing: before each record it looks at this age, and polls first if it is too high.
 */
export class PollAge {
  readonly #clock: GateClock;
  readonly #maxMs: number;
  readonly #emit: OnEvent;
  #last: number | undefined;
  #polls = 0;
  #waiting: (() => void)[] = [];

  constructor(clock: GateClock, maxMs: number, emit: OnEvent) {
    this.#clock = clock;
    this.#maxMs = maxMs;
    this.#emit = emit;
  }

  /** Whether anybody reports polls at all. */
  get known(): boolean {
    return this.#last !== undefined;
  }

  polled(): void {
    this.#last = this.#clock.now();
    this.#polls += 1;
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Unknown is not too old: the KafkaJS API does not let one know. */
  tooOld(): boolean {
    return this.#last !== undefined && this.#clock.now() - this.#last > this.#maxMs;
  }

  async nextPoll(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (this.#last !== undefined) {
      this.#emit({ type: 'poll-too-old', ageMs: this.#clock.now() - this.#last });
    }
    await this.pollAfterNow(signal);
  }

  /** Resolves with true after the next successful poll, with false if given up before. */
  pollAfterNow(signal: AbortSignal): Promise<boolean> {
    const before = this.#polls;
    return new Promise((resolve) => {
      const end = (): void => {
        signal.removeEventListener('abort', end);
        resolve(this.#polls > before);
      };
      this.#waiting.push(end);
      signal.addEventListener('abort', end, { once: true });
    });
  }
}
