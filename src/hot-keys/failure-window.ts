import { cut, merged, NOTHING, SpaceSaving } from './space-saving.ts';
import type { Sketch } from './space-saving.ts';

/** Epoch ms: what failed since then is counted. */
export interface Window {
  readonly since: number;
  readonly sketch: Sketch;
}

/** Counts cover the last one to two of these, ms. */
export const SPAN = 300_000;
/** A key that makes up a five-hundredth of all failures is never missed. */
const CAPACITY = 500;

/** The keys that failed most often in the last five to ten minutes, in this process. */
export class FailureWindow {
  #before: Window;
  #now: { since: number; counts: SpaceSaving };

  constructor(now: number) {
    this.#before = { since: now, sketch: NOTHING };
    this.#now = { since: now, counts: new SpaceSaving(CAPACITY) };
  }

  add(key: string, at: number): void {
    this.#turn(at);
    this.#now.counts.add(key);
  }

  /** The `limit` most frequent. */
  read(at: number, limit: number): Window {
    this.#turn(at);
    const both = merged([this.#before.sketch, this.#now.counts.top(CAPACITY)]);
    return { since: this.#before.since, sketch: cut(both, limit) };
  }

  #turn(at: number): void {
    const age = at - this.#now.since;
    if (age < SPAN) return;
    const old = age >= 2 * SPAN ? { since: at, sketch: NOTHING } : null;
    this.#before = old ?? { since: this.#now.since, sketch: this.#now.counts.top(CAPACITY) };
    this.#now = { since: at, counts: new SpaceSaving(CAPACITY) };
  }
}
