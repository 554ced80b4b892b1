import type { Fault } from '../history.ts';
import type { Story } from './story.ts';

/** One case of a broken promise, with what one needs to look into it. */
export interface Finding {
  readonly what: string;
  readonly at: number;
  /** The messages that it is about. */
  readonly stories: readonly Story[];
}

export const promises = {
  order: 'order of a key',
  isolation: 'other keys flow',
  'no loss': 'nothing is lost',
  'no zombies': 'no lock remains',
  'never early': 'no retry before its time',
  attempts: 'attempts are made, not invented',
  recorded: 'recorded: not handled again',
  duplicates: 'handled twice: for a reason',
  'never more': 'nothing comes from nowhere',
  redriven: 'dead letters come again once',
} as const;
export type PromiseName = keyof typeof promises;

/** What became of one promise. */
export interface Row {
  readonly promise: PromiseName;
  /** What was looked at, and how much of it. */
  readonly checked: string;
  readonly violations: readonly Finding[];
  /** What is no violation, and worth knowing: figures, and cases that the promise excepts. */
  readonly notes: readonly string[];
}

/** What a run says about the promises: a row for each. */
export interface Verdict {
  readonly rows: readonly Row[];
  /** All cases of all promises. */
  readonly violations: number;
  readonly faults: readonly Fault[];
  readonly begunAt: number;
}

export function nameOf({ sent: { route, partition, offset, key, seq } }: Story): string {
  return `${route} ${key}#${seq} (partition ${partition}, offset ${offset})`;
}

export class Tally {
  readonly #counts = new Map<string, number>();

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  get lines(): string[] {
    return [...this.#counts].map(([what, times]) => `${times} × ${what}`);
  }
}
