import type { Halt } from './halt.ts';
import type { Lane } from './lane.ts';
import type { LaneEnds } from './lane-ends.ts';
import type { PartitionSession } from './partition-session.ts';
import type { PollAge } from './poll-age.ts';
import type { Reporting } from './reporting.ts';
import type { Task } from './task.ts';
import type { WorkCount } from './work-count.ts';

export interface HandingOverDeps {
  session: PartitionSession;
  pollAge: PollAge;
  halt: Halt;
  work: WorkCount;
  ends: LaneEnds;
  reporting: Reporting;
}

/** The step `handle`: gives a record to its handler as soon as nothing keeps it back. */
export class HandingOver {
  readonly #deps: HandingOverDeps;

  constructor(deps: HandingOverDeps) {
    this.#deps = deps;
  }

  async handle(lane: Lane, task: Task, claim: number | undefined): Promise<void> {
    const { slots } = task.pool;
    const obstacle = this.#obstacle(task);
    if (obstacle !== undefined) {
      await obstacle;
      return;
    }
    if (!slots.tryTake()) {
      await slots.take();
      // Whoever waited for a slot looks at everything again.
      if (this.#deps.session.closed || this.#obstacle(task) !== undefined) {
        slots.release();
        return;
      }
    }
    if (this.#mayHandle(task, claim)) {
      await this.#run(lane, task);
    } else {
      slots.release();
      task.step = { at: 'ask' };
    }
  }

  /** What keeps the record back just now; resolves when it is worth looking again. */
  #obstacle(task: Task): Promise<void> | undefined {
    const { session, pollAge, halt } = this.#deps;
    const blocked = session.block.obstacle(task);
    if (blocked !== undefined) return blocked;
    if (pollAge.tooOld()) return pollAge.nextPoll(session.signal);
    if (!halt.isOn) return undefined;
    return session.signal.aborted ? Promise.resolve() : halt.over();
  }

  /** The last look before the handler: lists and claims may have changed since the record was asked about. */
  #mayHandle({ record }: Task, claim: number | undefined): boolean {
    const { session } = this.#deps;
    return claim === undefined
      ? session.passes(record.key, record.headers, record.offset)
      : session.holds(claim);
  }

  async #run(lane: Lane, task: Task): Promise<void> {
    const { work, ends, reporting } = this.#deps;
    const { slots, handler } = task.pool;
    work.beginHandling();
    try {
      await handler(task.record, task.context);
      if (task.delivery === undefined) ends.finish(lane, task, 'handled');
      else task.step = { at: 'report', error: undefined };
    } catch (thrown) {
      ends.failed(task, thrown);
    } finally {
      work.endHandling();
      slots.release();
    }
    // The report belongs to the same piece of work: `settled` must not slip in between.
    if (this.#mayRunAhead(lane, task)) {
      lane.tasks.shift();
      lane.ahead.add(this.#reportBehind(lane, task));
      return;
    }
    if (task.step.at === 'report') await reporting.report(lane, task, task.step.error);
    work.end();
  }

  /** Whether the next record, which was admitted together with this one, may be handled while its success is reported. */
  #mayRunAhead({ tasks, ahead }: Lane, { step }: Task): boolean {
    const next = tasks[1]?.step;
    return (
      step.at === 'report' &&
      step.error === undefined &&
      ahead.hasRoom &&
      next?.at === 'handle' &&
      next.claim !== undefined &&
      this.#deps.session.holds(next.claim)
    );
  }

  async #reportBehind(lane: Lane, task: Task): Promise<void> {
    await this.#deps.reporting.reportBehind(lane, task);
    this.#deps.work.end();
  }
}
