import type { Backoff } from './backoff.ts';
import { CallLane, type CallLaneOptions, type Job, type Settled } from './call-lane.ts';
import { sleep, type GateClock } from './clock.ts';
import type { OnEvent } from './events.ts';
import type { Answer } from './http.ts';

export interface CallQueueDeps {
  partition: number;
  clock: GateClock;
  backoff: Backoff;
  emit: OnEvent;
  /** Aborted when the partition is given up. */
  signal: AbortSignal;
  /** Resolves with true once there is a claim to make calls under, with false when there never will be one. */
  ready: () => Promise<boolean>;
  /** The service refused the claim under which a call was made. */
  fenced: () => void;
  /** Something waits for an answer. */
  waits: () => void;
  /** The service has answered, whatever it said. */
  answered: () => void;
  /** Whether nobody waits for the service any more. */
  alone: () => boolean;
}

/** Queues items that are sent, answered and applied together. `apply` runs in the turn in which the answer is read. */
export type AskMany<Item, Reply> = (
  items: readonly Item[],
  bytes: number,
  apply: (replies: readonly Reply[]) => void,
) => Promise<Settled<Reply>>;

/** What the pump needs of a lane, whatever travels in it. */
interface AnyLane {
  oldest(): number | undefined;
  send(): Promise<void>;
  answerAlone(): void;
  close(): void;
}

/**
 * Makes the calls of one partition one after another. While one is under way the next ones gather, and go out together.
 *
 * A call without an answer is repeated for as long as the partition is ours: nothing that waits for it is committed.
 */
export class CallQueue {
  readonly #deps: CallQueueDeps;
  readonly #lanes: AnyLane[] = [];
  #sequence = 0;
  #busy = false;
  /** The call that is under way. */
  #call: AbortController | undefined;
  #lockWaiters: ((release: () => void) => void)[] = [];

  constructor(deps: CallQueueDeps) {
    this.#deps = deps;
  }

  /** Adds a kind of call; the returned function queues a job of it. */
  lane<Item, Reply>(options: CallLaneOptions<Item, Reply>): AskMany<Item, Reply> {
    const lane = new CallLane(options);
    this.#lanes.push({
      oldest: () => lane.oldest,
      send: () => this.#send(lane),
      answerAlone: () => {
        const jobs = lane.takeAll();
        settleAll(
          jobs,
          jobs.flatMap(({ items }) => items.map(options.alone)),
        );
      },
      close: () => {
        lane.close();
      },
    });
    return (items, bytes, apply) => {
      if (this.#deps.signal.aborted) return Promise.resolve('closed');
      return new Promise((settle) => {
        lane.add({ sequence: this.#next(), items, bytes, alone: false, apply, settle });
        this.#deps.waits();
        this.wake();
      });
    };
  }

  /** Whether anything waits for an answer. */
  get waiting(): boolean {
    return this.#call !== undefined || this.#lanes.some((lane) => lane.oldest() !== undefined);
  }

  /** Nobody waits for the call that is under way any more; it may have taken effect. */
  giveUp(): void {
    this.#call?.abort();
  }

  /** Answers all that waits without the service. */
  answerAlone(): void {
    for (const lane of this.#lanes) lane.answerAlone();
  }

  /** Makes sure that there is a claim, and that what waits is sent. */
  wake(): void {
    if (this.#busy) return;
    this.#busy = true;
    void this.#pump();
  }

  /** Keeps other calls out until the returned function is called; `undefined` where one is under way. */
  tryLock(): (() => void) | undefined {
    if (this.#busy) return undefined;
    this.#busy = true;
    return () => {
      this.#busy = false;
      this.wake();
    };
  }

  /** The same, after the call that is under way. Never resolves once the partition is given up. */
  lock(): Promise<() => void> {
    const release = this.tryLock();
    if (release !== undefined) return Promise.resolve(release);
    return new Promise((resolve) => this.#lockWaiters.push(resolve));
  }

  /** Settles everything that waits. Call it after the signal was aborted. */
  close(): void {
    for (const lane of this.#lanes) lane.close();
  }

  async #pump(): Promise<void> {
    while (!this.#deps.signal.aborted) {
      const waiter = this.#lockWaiters.shift();
      if (waiter !== undefined) await new Promise<void>(waiter);
      if (!(await this.#deps.ready())) break;
      const lane = this.#oldestLane();
      if (lane !== undefined) await lane.send();
      else if (this.#lockWaiters.length === 0) break;
    }
    this.#busy = false;
    if (this.#deps.signal.aborted) this.close();
  }

  #oldestLane(): AnyLane | undefined {
    let [first, least] = [undefined as AnyLane | undefined, Infinity];
    for (const lane of this.#lanes) {
      const oldest = lane.oldest() ?? Infinity;
      if (oldest < least) [first, least] = [lane, oldest];
    }
    return first;
  }

  async #send<Item, Reply>(lane: CallLane<Item, Reply>): Promise<void> {
    const jobs = lane.take();
    const call = new AbortController();
    this.#call = call;
    const answer = await lane.options.post(
      jobs.flatMap((job) => [...job.items]),
      call.signal,
    );
    this.#call = undefined;
    if (answer.kind === 'ok') {
      this.#deps.backoff.reset();
      settleAll(jobs, answer.body);
      this.#deps.answered();
    } else if (this.#deps.signal.aborted) {
      for (const job of jobs) job.settle('closed');
    } else if (answer.kind === 'refused' && answer.code === 'FENCED') {
      this.#deps.fenced();
      if (lane.options.fresh) for (const job of jobs) job.settle('fenced');
      // Outcomes of redelivered records hold under any claim: the same ones go out under the next.
      else lane.putBack(jobs);
    } else if (this.#deps.alone()) {
      lane.putBack(jobs);
      this.#deps.waits();
    } else {
      await this.#again(lane, jobs, answer);
    }
  }

  async #again<Item, Reply>(
    lane: CallLane<Item, Reply>,
    jobs: Job<Item, Reply>[],
    answer: Exclude<Answer<unknown>, { kind: 'ok' }>,
  ): Promise<void> {
    const { partition, backoff, clock, signal, emit } = this.#deps;
    const call = lane.options.name;
    const retryInMs = backoff.next(answer.kind === 'refused' ? answer.retryAfterMs : 0);
    if (answer.kind === 'none')
      emit({ type: 'no-answer', partition, call, reason: answer.reason, retryInMs });
    else emit({ type: 'refused', partition, call, code: answer.code, retryInMs });
    if (answer.kind === 'refused' && answer.code !== 'NOT_READY') this.#deps.answered();
    if (mayBeItsFault(answer)) {
      for (const job of jobs) job.alone = true;
      lane.putLast(jobs, this.#next());
    } else {
      lane.putBack(jobs);
    }
    await sleep(clock, retryInMs, signal);
  }

  #next(): number {
    this.#sequence += 1;
    return this.#sequence;
  }
}

/** Whether the request itself may be why there is no answer; then it must not hold up the others for ever. */
function mayBeItsFault(answer: Exclude<Answer<unknown>, { kind: 'ok' }>): boolean {
  return answer.kind === 'none'
    ? answer.reason === 'status' || answer.reason === 'malformed'
    : !['NOT_READY', 'LIMITED'].includes(answer.code);
}

function settleAll<Item, Reply>(jobs: readonly Job<Item, Reply>[], replies: readonly Reply[]): void {
  let from = 0;
  const shares = jobs.map((job) => {
    const share = replies.slice(from, from + job.items.length);
    from += job.items.length;
    return { job, share };
  });
  // First every effect, then every reaction: nobody may see half of an answer.
  for (const { job, share } of shares) job.apply(share);
  for (const { job, share } of shares) job.settle(share);
}
