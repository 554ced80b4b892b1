import type { OffsetTracker } from '../offset-tracker.ts';

export interface BackpressureLimits {
  /** Unfinished records of the whole process. */
  maxUnfinished: number;
  /** Unfinished records of one partition. */
  maxUnfinishedPerPartition: number;
  /** Records that are finished or not, from the first unfinished one on. */
  maxAhead: number;
}

/**
 * Decides which partitions to pause and to resume. A partition whose first record waits for an answer fills up by
 * itself; the others go on. What is paused goes on at half the limit, since resuming takes the client up to a second.
 */
export class Backpressure {
  readonly #limits: BackpressureLimits;
  readonly #paused = new Set<number>();
  #allPaused = false;

  constructor(limits: BackpressureLimits) {
    this.#limits = limits;
  }

  /** What has changed since the last call. */
  decide(trackers: ReadonlyMap<number, OffsetTracker>): { pause: number[]; resume: number[] } {
    const { maxUnfinished } = this.#limits;
    let total = 0;
    for (const tracker of trackers.values()) total += tracker.unfinished;
    this.#allPaused = total >= (this.#allPaused ? maxUnfinished / 2 : maxUnfinished);
    const [pause, resume] = [[] as number[], [] as number[]];
    for (const [partition, tracker] of trackers) {
      const paused = this.#paused.has(partition);
      const full = this.#allPaused || this.#isFull(tracker, paused ? 0.5 : 1);
      if (full === paused) continue;
      (full ? pause : resume).push(partition);
      if (full) this.#paused.add(partition);
      else this.#paused.delete(partition);
    }
    return { pause, resume };
  }

  /** Whether the partition is far from being paused, so that records of it may wait for some that come behind them. */
  hasRoom(partition: number, tracker: OffsetTracker): boolean {
    return !this.#allPaused && !this.#paused.has(partition) && !this.#isFull(tracker, 0.5);
  }

  /** An assignment begins unpaused, whatever it was before. */
  forget(partitions: readonly number[]): void {
    for (const partition of partitions) this.#paused.delete(partition);
  }

  #isFull({ unfinished, window }: OffsetTracker, share: number): boolean {
    const { maxUnfinishedPerPartition, maxAhead } = this.#limits;
    return unfinished >= maxUnfinishedPerPartition * share || window >= maxAhead * share;
  }
}
