import { sleep, type GateClock } from './clock.ts';
import type { Task } from './task.ts';

/**
 * The circuit breaker keeps a partition where it is. When its time is over, one record is tried first, and the others wait
 * for what becomes of it: else every key that waits would be tried at once, again and again.
 *
 *   open ──block──▶ waiting ──time is over──▶ one tries ──it was no failure, or one that is redirected──▶ open
 *                      ▲──────────block───────────┘
 *
 * Redelivered records are not kept back: the service sends as few as it wants to be tried.
 */
export class Block {
  readonly #clock: GateClock;
  readonly #signal: AbortSignal;
  #until: number | undefined;
  #waiting: Promise<void> | undefined;
  #trial: { task: Task; over: Promise<void>; end: () => void } | undefined;

  /** `signal`: the partition is given up. */
  constructor(clock: GateClock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    signal.addEventListener('abort', () => {
      this.#lift();
    });
  }

  /** Nothing is kept back. */
  get isOpen(): boolean {
    return this.#until === undefined;
  }

  begin(ms: number): void {
    this.#until = this.#clock.now() + ms;
  }

  /** What keeps this record back just now; resolves when it is worth looking again. `undefined`: it may be tried. */
  obstacle(task: Task): Promise<void> | undefined {
    if (this.#until === undefined || this.#signal.aborted || task.delivery !== undefined) return undefined;
    const wait = this.#until - this.#clock.now();
    // One timer for all that wait.
    if (wait > 0) return (this.#waiting ??= this.#wait(wait));
    if (this.#trial === undefined) this.#trial = begun(task);
    return this.#trial.task === task ? undefined : this.#trial.over;
  }

  /** What became of the record that is tried: `passed`: its handler ran, and the service did not block it again. */
  tried(task: Task, passed: boolean): void {
    if (this.#trial?.task !== task) return;
    if (passed) this.#lift();
    else this.#endTrial();
  }

  async #wait(ms: number): Promise<void> {
    await sleep(this.#clock, ms, this.#signal);
    this.#waiting = undefined;
  }

  #lift(): void {
    this.#until = undefined;
    this.#endTrial();
  }

  #endTrial(): void {
    const trial = this.#trial;
    this.#trial = undefined;
    trial?.end();
  }
}

function begun(task: Task): { task: Task; over: Promise<void>; end: () => void } {
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  return { task, over, end };
}
