import { HOUR } from './alert.ts';

/** From where on the alerts speak. Installations differ: `npm run alerts -- --limit NAME=VALUE` writes rules with others. */
export interface Limits {
  /** More keys locked than unlocked in 5 minutes. */
  readonly locksGrowth: number;
  readonly oldestLockSeconds: number;
  /** Dead letters of a route in 10 minutes. */
  readonly deadLetterBurst: number;
  /** Records that went to the retry topic in 10 minutes while no retry had an outcome. */
  readonly redirectedAlone: number;
  readonly latenessSeconds: number;
  readonly ingestLagMessages: number;
  readonly cursorDriftSeconds: number;
  /** A bucket of `state_restore_seconds`: half of the default `kafka.sessionTimeout`. */
  readonly restoreSeconds: number;
  /** Starts of one replica in 30 minutes. */
  readonly restarts: number;
  /** Changes of the assignment that one replica saw in 15 minutes. */
  readonly rebalances: number;
  readonly certificateDays: number;
}

export const defaultLimits: Limits = {
  locksGrowth: 10,
  oldestLockSeconds: HOUR,
  deadLetterBurst: 60,
  redirectedAlone: 100,
  latenessSeconds: 10,
  ingestLagMessages: 10_000,
  cursorDriftSeconds: 30,
  restoreSeconds: 5,
  restarts: 3,
  rebalances: 20,
  certificateDays: 14,
};
