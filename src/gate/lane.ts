import type { Backoff } from './backoff.ts';
import type { GivenHeaders, Verdict } from './contract.ts';
import type { KeyId } from './keys.ts';
import type { RunAhead } from './run-ahead.ts';
import type { ToPublish } from './retry-publisher.ts';
import type { Step, Task } from './task.ts';

/** The records of one key, in their order; the first is the one that is dealt with. */
export interface Lane {
  readonly id: KeyId | undefined;
  readonly tasks: Task[];
  /** Fresh records that wait beside it, behind all that came before them; see `Holding`. */
  readonly held: Task[];
  /** Since when the service says `hold`; `undefined`: it does not. */
  heldSince: number | undefined;
  /** Whether somebody deals with the first task. */
  driven: boolean;
  readonly ahead: RunAhead;
  /** Set by a publish that failed: from then on one record at a time. */
  publishAlone: boolean;
  backoff: Backoff | undefined;
}

const LOOK_AHEAD = 256;
const LOOK_AHEAD_BYTES = 64 * 1024;

/** The tasks at the front that can be asked about together: all fresh, or all redelivered. */
export function lookAhead(tasks: readonly Task[]): Task[] {
  const [first] = tasks;
  const group: Task[] = [];
  let bytes = 0;
  for (const task of tasks) {
    bytes += task.requestBytes;
    // A fresh record behind a redelivered one is asked about after its outcome: that may unlock the key.
    const sameKind = (task.delivery === undefined) === (first?.delivery === undefined);
    if (!sameKind || task.step.at !== 'ask' || group.length === LOOK_AHEAD) break;
    if (group.length > 0 && bytes > LOOK_AHEAD_BYTES) break;
    if (task.delivery !== undefined && task.delivery.route !== first?.delivery?.route) break;
    group.push(task);
  }
  return group;
}

export function stepAfter(verdict: Verdict, claim: number): Step {
  switch (verdict.verdict) {
    case 'process':
      return { at: 'handle', claim };
    case 'skip':
      return { at: 'skip', claim };
    case 'redirect':
      return { at: 'publish', claim, headers: verdict.headers };
    case 'hold':
    case 'wait':
      return { at: 'ask' };
  }
}

export function toPublish(tasks: readonly Task[], claim: number): ToPublish[] {
  const group: ToPublish[] = [];
  for (const task of tasks) {
    if (task.step.at !== 'publish' || task.step.claim !== claim) break;
    const headers: GivenHeaders = task.step.headers;
    group.push({ task, headers });
  }
  return group;
}

/** Verdicts hold until the next failure of the key: whatever stands behind the failed record is asked about again. */
export function forgetVerdicts(lane: Lane, failed: Task): void {
  for (const task of lane.tasks) {
    if (task !== failed && task.step.at !== 'report') task.step = { at: 'ask' };
  }
}
