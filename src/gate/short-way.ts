import type { Halt } from './halt.ts';
import type { Lane } from './lane.ts';
import type { LaneEnds } from './lane-ends.ts';
import type { PartitionSession } from './partition-session.ts';
import type { PollAge } from './poll-age.ts';
import type { Task } from './task.ts';
import type { WorkCount } from './work-count.ts';

export interface ShortWayDeps {
  session: PartitionSession;
  pollAge: PollAge;
  halt: Halt;
  work: WorkCount;
  ends: LaneEnds;
  /** Goes on with the lane, either way. */
  goOn: (lane: Lane) => void;
  /** Goes on with the lane the long way. */
  drive: (lane: Lane) => void;
}

/** The way of a record that needs no answer of the service: no promise but the handler's own. */
export class ShortWay {
  readonly #deps: ShortWayDeps;

  constructor(deps: ShortWayDeps) {
    this.#deps = deps;
  }

  /** True: the lane is in a handler, or done. False: the first record needs the long way. */
  takes(lane: Lane): boolean {
    for (;;) {
      const task = lane.tasks[0];
      if (task === undefined) {
        lane.driven = false;
        return true;
      }
      if (!this.#isShort(task) || !task.pool.slots.tryTake()) return false;
      this.#deps.work.beginHandling();
      try {
        const result = task.pool.handler(task.record, task.context);
        if (isThenable(result)) {
          result.then(
            () => {
              this.#after(lane, task, undefined);
            },
            (thrown: unknown) => {
              this.#after(lane, task, { thrown });
            },
          );
          return true;
        }
        this.#end(lane, task);
      } catch (thrown) {
        this.#after(lane, task, { thrown });
        return true;
      }
    }
  }

  #isShort({ delivery, step, record, asksAgain }: Task): boolean {
    const { session, pollAge, halt } = this.#deps;
    return (
      delivery === undefined &&
      step.at === 'ask' &&
      !asksAgain &&
      !halt.isOn &&
      session.passes(record.key, record.headers, record.offset) &&
      session.block.isOpen &&
      !pollAge.tooOld()
    );
  }

  #after(lane: Lane, task: Task, failure: { thrown: unknown } | undefined): void {
    const { ends, work, goOn, drive } = this.#deps;
    if (failure === undefined) {
      this.#end(lane, task);
      goOn(lane);
      return;
    }
    ends.failed(task, failure.thrown);
    work.endHandling();
    task.pool.slots.release();
    // The report begins before the count goes down: `settled` must not slip in between.
    drive(lane);
    work.end();
  }

  #end(lane: Lane, task: Task): void {
    const { ends, work } = this.#deps;
    work.endHandling();
    task.pool.slots.release();
    ends.finish(lane, task, 'handled');
    work.end();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
