import type { Result } from './contract.ts';
import type { Holding } from './holding.ts';
import { forgetVerdicts, type Lane } from './lane.ts';
import type { LaneEnds } from './lane-ends.ts';
import type { PartitionSession } from './partition-session.ts';
import type { Step, Task } from './task.ts';

export interface ReportingDeps {
  session: PartitionSession;
  holding: Holding;
  ends: LaneEnds;
}

/** The step `report`: tells the service how a record ended, and does what it answers. */
export class Reporting {
  readonly #deps: ReportingDeps;

  constructor(deps: ReportingDeps) {
    this.#deps = deps;
  }

  async report(lane: Lane, task: Task, error: Extract<Step, { at: 'report' }>['error']): Promise<void> {
    const { session, ends } = this.#deps;
    if (error !== undefined) await lane.ahead.answered();
    const results = await session.report(task, error);
    await lane.ahead.answered();
    if (results === 'closed') {
      if (session.closed && lane.tasks[0] === task) lane.tasks.shift();
      ends.drop(task);
      return;
    }
    // Dropped without commit. It is still in our hands, so it starts again instead of being read again.
    if (results === 'fenced') {
      task.step = { at: 'ask' };
      return;
    }
    const [result] = results;
    if (result === undefined) return;
    if (error !== undefined && result.result !== 'wait') forgetVerdicts(lane, task);
    this.#apply(lane, task, result);
    if (task.delivery !== undefined) this.#afterRetry(lane, result);
  }

  /** The success of a record that has left its lane, while those behind it are handled. */
  async reportBehind(lane: Lane, task: Task): Promise<void> {
    const { session, ends } = this.#deps;
    for (;;) {
      const results = await session.report(task, undefined);
      if (results === 'closed') {
        ends.drop(task);
        return;
      }
      const [result] = typeof results === 'string' ? [] : results;
      if (result === undefined || result.result === 'wait') continue;
      this.#afterRetry(lane, result);
      ends.tell(task, result.result === 'kept' ? 'unreported' : 'handled');
      return;
    }
  }

  #apply(lane: Lane, task: Task, result: Result): void {
    const { session, ends } = this.#deps;
    switch (result.result) {
      case 'wait':
        return;
      case 'block':
        task.step = { at: 'ask' };
        session.block.tried(task, false);
        return;
      case 'redirect':
        session.block.tried(task, true);
        task.step = { at: 'publish', claim: session.claimNumber, headers: result.headers };
        return;
      case 'done':
        ends.finish(lane, task, 'handled');
        return;
      case 'deadLettered':
        ends.finish(lane, task, 'dead-lettered');
        return;
      case 'kept':
        ends.finish(lane, task, 'unreported');
        return;
      case 'recorded':
      case 'stale':
        ends.finish(lane, task, result.result);
    }
  }

  /** What a retry's outcome means for the records that are held behind it. */
  #afterRetry(lane: Lane, result: Result): void {
    const { holding } = this.#deps;
    if (result.result === 'wait' || result.result === 'kept') return;
    if (result.result === 'done' && !result.unlocked) holding.isBusy(lane);
    else holding.letGo(lane, result.result === 'done' ? 'unlocked' : 'failed');
  }
}
