import type { Position } from '../dead-letters/dead-letter.ts';
import type { OffsetRange } from '../dead-letters/marker.ts';
import type { End } from './redrive.ts';

/** A dead letter that stayed, or could not be looked at, and why. */
export interface Problem extends Position {
  readonly problem: string;
}

/** How far a redrive has come: what its runner writes down after each round. */
export interface Progress {
  /** Epoch ms; null: no runner has taken it up yet. */
  readonly startedAt: number | null;
  /** By dead-letter partition, the offset before which all is decided. */
  readonly cursors: readonly number[];
  /** Published, and not before the cursors: offsets by dead-letter partition, first and last of each range. */
  readonly ahead: Readonly<Record<string, readonly OffsetRange[]>>;
  /**
   * A place in each retry partition: whatever was published and is not written down here lies at or behind it. null: there
   * is nothing of that kind.
   */
  readonly ends: readonly number[] | null;
  /** Records of the dead-letter topic to be looked at, and those that were. */
  readonly total: number;
  readonly examined: number;
  /** Open dead letters that fit. */
  readonly matched: number;
  readonly published: number;
  /** Those that fit and are not open, or not there. */
  readonly skipped: number;
  /** Those that stayed open, because they could not be published. */
  readonly undeliverable: number;
  readonly problems: readonly Problem[];
  /** Published in a second, and examined in a second, lately. */
  readonly perSecond: number;
  readonly examinedPerSecond: number;
  /** When it was written down, epoch ms. */
  readonly at: number;
  /** What keeps it waiting. */
  readonly waitingFor: string | null;
  readonly end: End | null;
}

/** Problems that a report lists; all are counted. */
export const PROBLEMS_LISTED = 100;

export const UNTOUCHED: Progress = {
  startedAt: null,
  cursors: [],
  ahead: {},
  ends: null,
  total: 0,
  examined: 0,
  matched: 0,
  published: 0,
  skipped: 0,
  undeliverable: 0,
  problems: [],
  perSecond: 0,
  examinedPerSecond: 0,
  at: 0,
  waitingFor: null,
  end: null,
};
