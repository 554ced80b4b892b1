import { Backoff } from './backoff.ts';
import { sleep, type GateClock } from './clock.ts';
import { codeOf, type OnEvent } from './events.ts';
import type { Holding } from './holding.ts';
import { toPublish, type Lane } from './lane.ts';
import type { LaneEnds } from './lane-ends.ts';
import type { PartitionSession } from './partition-session.ts';
import type { RetryPublisher } from './retry-publisher.ts';
import type { Task } from './task.ts';

export interface RedirectingDeps {
  session: PartitionSession;
  publisher: RetryPublisher;
  holding: Holding;
  ends: LaneEnds;
  clock: GateClock;
  random: () => number;
  emit: OnEvent;
  retry: { initialMs: number; maxMs: number };
}

/** The step `publish`: writes records of a key to the retry topic, in their order, for as long as it takes. */
export class Redirecting {
  readonly #deps: RedirectingDeps;

  constructor(deps: RedirectingDeps) {
    this.#deps = deps;
  }

  async publish(lane: Lane, task: Task, claim: number): Promise<void> {
    const { session, publisher, holding, ends, clock, emit } = this.#deps;
    if (!session.holds(claim)) {
      task.step = { at: 'ask' };
      return;
    }
    const group = toPublish(lane.tasks, claim);
    try {
      const count = await publisher.publish(group, lane.publishAlone);
      for (const { task: one } of group.slice(0, count)) {
        session.published(one);
        ends.finish(lane, one, 'redirected');
      }
      holding.isBusy(lane);
      lane.publishAlone = false;
      lane.backoff = undefined;
    } catch (error) {
      lane.publishAlone = true;
      lane.backoff ??= new Backoff({ ...this.#deps.retry, random: this.#deps.random });
      const retryInMs = lane.backoff.next();
      const { partition, offset } = task.record;
      emit({ type: 'publish-failed', partition, offset, code: codeOf(error), retryInMs });
      await sleep(clock, retryInMs, session.signal);
    }
  }
}
