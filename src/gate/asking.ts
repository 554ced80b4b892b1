import type { Verdict } from './contract.ts';
import type { Halt } from './halt.ts';
import type { Holding } from './holding.ts';
import { lookAhead, stepAfter, type Lane } from './lane.ts';
import type { LaneEnds } from './lane-ends.ts';
import type { PartitionSession } from './partition-session.ts';
import type { Task } from './task.ts';

export interface AskingDeps {
  route: string;
  session: PartitionSession;
  halt: Halt;
  holding: Holding;
  ends: LaneEnds;
}

/** The step `ask`: what the service says of a record, and of those behind it that can be asked about together. */
export class Asking {
  readonly #deps: AskingDeps;

  constructor(deps: AskingDeps) {
    this.#deps = deps;
  }

  async ask(lane: Lane, task: Task): Promise<void> {
    const { session, route, halt, holding, ends } = this.#deps;
    const { record, delivery } = task;
    if (!lane.ahead.isEmpty) {
      await lane.ahead.answered();
      return;
    }
    if (halt.isOn) {
      if (!session.signal.aborted) await halt.over();
      return;
    }
    if (delivery?.route !== undefined && delivery.route !== route) {
      ends.finish(lane, task, 'passed-over');
      return;
    }
    if (!task.asksAgain && session.passes(record.key, record.headers, record.offset)) {
      task.step = { at: 'handle', claim: undefined };
      return;
    }
    if (delivery === undefined && holding.gathers(lane, task)) return;
    const group = lookAhead(lane.tasks);
    const verdicts = await session.admit(group, (one) => holding.mayHold(one));
    if (typeof verdicts === 'string') return;
    const claim = session.claimNumber;
    group.forEach((one, index) => {
      const verdict = verdicts[index];
      if (verdict !== undefined) one.step = stepAfter(verdict, claim);
    });
    if (task.step.at !== 'handle') session.block.tried(task, false);
    if (delivery === undefined) this.#holdBack(lane, group, verdicts);
  }

  #holdBack(lane: Lane, group: readonly Task[], verdicts: readonly Verdict[]): void {
    const { holding } = this.#deps;
    const at = verdicts.findIndex(({ verdict }) => verdict === 'hold');
    const first = group[at];
    if (first === undefined) {
      holding.notHeld(lane);
      return;
    }
    // Whatever was said of those behind it: they may not overtake it.
    for (const behind of group.slice(at)) behind.step = { at: 'ask' };
    holding.hold(lane, first);
  }
}
