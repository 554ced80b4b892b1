import { describeError } from './describe-error.ts';
import { GateError } from './errors.ts';
import type { OnEvent } from './events.ts';
import type { Lane } from './lane.ts';
import type { PartitionSession } from './partition-session.ts';
import type { Finish } from './record.ts';
import type { Task } from './task.ts';

export interface LaneEndsDeps {
  session: PartitionSession;
  emit: OnEvent;
  /** The lane is empty. */
  leave: (lane: Lane) => void;
}

/** How records leave their lanes, and what is told of it. */
export class LaneEnds {
  readonly #deps: LaneEndsDeps;

  constructor(deps: LaneEndsDeps) {
    this.#deps = deps;
  }

  /** The first record of the lane is dealt with; the next one follows. */
  finish(lane: Lane, task: Task, finish: Finish): void {
    if (lane.tasks[0] !== task) return;
    lane.tasks.shift();
    this.#deps.session.block.tried(task, finish === 'handled');
    // Before anybody hears of it: the next record of the key is on the short way again.
    if (lane.tasks.length === 0) this.#deps.leave(lane);
    this.tell(task, finish);
  }

  tell(task: Task, finish: Finish): void {
    if (finish !== 'handled' || task.delivery !== undefined) {
      const { partition, offset } = task.record;
      this.#deps.emit({ type: 'finished', partition, offset, finish });
    }
    task.done(finish);
  }

  /** Notes that the handler failed; the next step reports it. */
  failed(task: Task, thrown: unknown): void {
    const error = describeError(thrown);
    task.step = { at: 'report', error };
    const { partition, offset } = task.record;
    const { attempt } = task.context;
    this.#deps.emit({ type: 'failed', partition, offset, attempt, errorClass: error.class });
  }

  /** The partition was given up before the record was finished. */
  drop(task: Task): void {
    task.done(new GateError('CLOSED', 'the partition was given up before the record was finished'));
  }
}
