import { Backoff } from './backoff.ts';
import { sleep, type GateClock } from './clock.ts';
import type { Result, Verdict } from './contract.ts';
import { describeError } from './describe-error.ts';
import { GateError } from './errors.ts';
import { codeOf, type OnEvent } from './events.ts';
import { Holding, type HoldLimits } from './holding.ts';
import { keyId, wireKeyId, type KeyId, type WireKey } from './keys.ts';
import { forgetVerdicts, lookAhead, stepAfter, toPublish, type Lane } from './lane.ts';
import type { PartitionSession } from './partition-session.ts';
import type { PollAge } from './poll-age.ts';
import type { Finish } from './record.ts';
import type { RetryPublisher } from './retry-publisher.ts';
import { RunAhead } from './run-ahead.ts';
import type { Step, Task } from './task.ts';
import { WorkCount } from './work-count.ts';

export interface KeyLanesDeps {
  route: string;
  session: PartitionSession;
  publisher: RetryPublisher;
  pollAge: PollAge;
  clock: GateClock;
  random: () => number;
  emit: OnEvent;
  retry: { initialMs: number; maxMs: number };
  holdLimits: Readonly<HoldLimits>;
}

/**
 * Takes the records of one partition through the gate: those of a key one after another, different keys side by side.
 *
 * Verdicts are asked for ahead, for as many records of the key as stand there with the same kind; a failure of the key
 * and the end of the claim make them void.
 */
export class KeyLanes {
  readonly #deps: KeyLanesDeps;
  readonly #lanes = new Map<KeyId, Lane>();
  readonly #open = new Set<Lane>();
  readonly #holding: Holding;
  readonly work = new WorkCount();
  /** While set, no record is asked about or given to a handler. */
  #halt: { over: Promise<void>; end: () => void } | undefined;

  constructor(deps: KeyLanesDeps) {
    this.#deps = deps;
    const { session, clock, emit, holdLimits } = deps;
    this.#holding = new Holding({
      ...{ partition: session.partition, limits: holdLimits, clock, emit },
      goOn: (lane) => {
        if (!lane.driven) this.#go(lane);
      },
    });
    session.tell({
      claimEnded: () => {
        this.#holding.letAllGo('claim-ended');
      },
      unlocked: (keys) => {
        this.#unlocked(keys);
      },
    });
    deps.session.signal.addEventListener('abort', () => {
      this.#dropAll();
    });
  }

  /** Whether records of this key are under way here. */
  has(key: Buffer | string): boolean {
    return this.#lanes.size !== 0 && this.#lanes.has(keyId(key));
  }

  submit(task: Task): void {
    if (this.#deps.session.closed) {
      task.done(closed());
      return;
    }
    const { key } = task.record;
    // Records without a key have no order: each is a lane of its own.
    const id = key === null || key === undefined ? undefined : keyId(key);
    const lane = id === undefined ? undefined : this.#lanes.get(id);
    if (lane !== undefined) {
      this.#join(lane, task);
      return;
    }
    const fresh: Lane = {
      ...{ id, tasks: [task], held: [], heldSince: undefined, ahead: new RunAhead() },
      ...{ driven: false, publishAlone: false, backoff: undefined },
    };
    if (id !== undefined) this.#lanes.set(id, fresh);
    this.#open.add(fresh);
    this.#go(fresh);
  }

  #join(lane: Lane, task: Task): void {
    if (this.#holding.takes(lane, task)) {
      this.#holding.join(lane, task);
      return;
    }
    if (task.delivery !== undefined) this.#holding.retryComes(lane);
    lane.tasks.push(task);
    if (!lane.driven) this.#go(lane);
  }

  /** Whether the consumer can take more behind records that are held. */
  setRoom(hasRoom: boolean): void {
    this.#holding.setRoom(hasRoom);
  }

  /** Counts a handler that runs beside the lanes, so that `settled` waits for it. Returns what ends it. */
  beginHandling(): () => void {
    this.work.beginHandling();
    return () => {
      this.work.endHandling();
      this.work.end();
    };
  }

  halt(): void {
    if (this.#halt !== undefined) return;
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    this.#halt = { over, end };
  }

  resume(): void {
    this.#halt?.end();
    this.#halt = undefined;
  }

  get isHalted(): boolean {
    return this.#halt !== undefined;
  }

  /**
   * The short way of a record that needs no answer: no promise but the handler's own. True: the lane is in a handler,
   * or done. False: the first record needs the long way.
   */
  #short(lane: Lane): boolean {
    for (;;) {
      const task = lane.tasks[0];
      if (task === undefined) {
        lane.driven = false;
        return true;
      }
      if (!this.#isShort(task) || !task.pool.slots.tryTake()) return false;
      this.work.beginHandling();
      try {
        const result = task.pool.handler(task.record, task.context);
        if (isThenable(result)) {
          result.then(
            () => {
              this.#afterShort(lane, task, undefined);
            },
            (thrown: unknown) => {
              this.#afterShort(lane, task, { thrown });
            },
          );
          return true;
        }
        this.#endShort(lane, task);
      } catch (thrown) {
        this.#afterShort(lane, task, { thrown });
        return true;
      }
    }
  }

  #isShort({ delivery, step, record, asksAgain }: Task): boolean {
    const { session, pollAge } = this.#deps;
    return (
      delivery === undefined &&
      step.at === 'ask' &&
      !asksAgain &&
      this.#halt === undefined &&
      session.passes(record.key, record.headers, record.offset) &&
      session.block.isOpen &&
      !pollAge.tooOld()
    );
  }

  #afterShort(lane: Lane, task: Task, failure: { thrown: unknown } | undefined): void {
    if (failure === undefined) {
      this.#endShort(lane, task);
      this.#go(lane);
      return;
    }
    this.failed(task, failure.thrown);
    this.work.endHandling();
    task.pool.slots.release();
    // The report begins before the count goes down: `settled` must not slip in between.
    void this.#drive(lane);
    this.work.end();
  }

  #endShort(lane: Lane, task: Task): void {
    this.work.endHandling();
    task.pool.slots.release();
    this.#finish(lane, task, 'handled');
    this.work.end();
  }

  #go(lane: Lane): void {
    lane.driven = true;
    if (!this.#short(lane)) void this.#drive(lane);
  }

  async #drive(lane: Lane): Promise<void> {
    for (;;) {
      const task = lane.tasks[0];
      if (task === undefined) break;
      if (this.#deps.session.closed && task.step.at !== 'report') break;
      await this.#advance(lane, task);
    }
    lane.driven = false;
    const dropped = lane.tasks.splice(0);
    this.#leave(lane);
    for (const task of dropped) task.done(closed());
  }

  #leave(lane: Lane): void {
    if (lane.held.length > 0) return;
    if (lane.id !== undefined && this.#lanes.get(lane.id) === lane) this.#lanes.delete(lane.id);
    this.#open.delete(lane);
  }

  async #advance(lane: Lane, task: Task): Promise<void> {
    const { step } = task;
    switch (step.at) {
      case 'ask':
        await this.#ask(lane, task);
        break;
      case 'handle':
        await this.#handle(lane, task, step.claim);
        break;
      case 'skip':
        if (this.#deps.session.holds(step.claim)) this.#finish(lane, task, 'skipped');
        else task.step = { at: 'ask' };
        break;
      case 'report':
        await this.#during(() => this.#report(lane, task, step.error));
        break;
      case 'publish':
        await this.#during(() => this.#publish(lane, task, step.claim));
    }
  }

  async #ask(lane: Lane, task: Task): Promise<void> {
    const { session, route } = this.#deps;
    const { record, delivery } = task;
    if (!lane.ahead.isEmpty) {
      await lane.ahead.answered();
      return;
    }
    if (this.#halt !== undefined) {
      await this.#halted();
      return;
    }
    if (delivery?.route !== undefined && delivery.route !== route) {
      this.#finish(lane, task, 'passed-over');
      return;
    }
    if (!task.asksAgain && session.passes(record.key, record.headers, record.offset)) {
      task.step = { at: 'handle', claim: undefined };
      return;
    }
    if (delivery === undefined && this.#holding.gathers(lane, task)) return;
    const group = lookAhead(lane.tasks);
    const verdicts = await session.admit(group, (one) => this.#holding.mayHold(one));
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
    const at = verdicts.findIndex(({ verdict }) => verdict === 'hold');
    const first = group[at];
    if (first === undefined) {
      this.#holding.notHeld(lane);
      return;
    }
    // Whatever was said of those behind it: they may not overtake it.
    for (const behind of group.slice(at)) behind.step = { at: 'ask' };
    this.#holding.hold(lane, first);
  }

  async #handle(lane: Lane, task: Task, claim: number | undefined): Promise<void> {
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
    const { session, pollAge } = this.#deps;
    const blocked = session.block.obstacle(task);
    if (blocked !== undefined) return blocked;
    if (pollAge.tooOld()) return pollAge.nextPoll(session.signal);
    return this.#halt === undefined ? undefined : this.#halted();
  }

  /** The last look before the handler: lists and claims may have changed since the record was asked about. */
  #mayHandle({ record }: Task, claim: number | undefined): boolean {
    const { session } = this.#deps;
    return claim === undefined
      ? session.passes(record.key, record.headers, record.offset)
      : session.holds(claim);
  }

  async #run(lane: Lane, task: Task): Promise<void> {
    const { slots, handler } = task.pool;
    this.work.beginHandling();
    try {
      await handler(task.record, task.context);
      this.#handled(lane, task);
    } catch (thrown) {
      this.failed(task, thrown);
    } finally {
      this.work.endHandling();
      slots.release();
    }
    // The report belongs to the same piece of work: `settled` must not slip in between.
    if (this.#mayRunAhead(lane, task)) {
      lane.tasks.shift();
      lane.ahead.add(this.#reportBehind(lane, task));
      return;
    }
    if (task.step.at === 'report') await this.#report(lane, task, task.step.error);
    this.work.end();
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
    for (;;) {
      const results = await this.#deps.session.report(task, undefined);
      if (results === 'closed') {
        task.done(closed());
        break;
      }
      const [result] = typeof results === 'string' ? [] : results;
      if (result === undefined || result.result === 'wait') continue;
      this.#afterRetry(lane, result);
      this.#tell(task, result.result === 'kept' ? 'unreported' : 'handled');
      break;
    }
    this.work.end();
  }

  /** Notes that the handler failed; the next step reports it. */
  failed(task: Task, thrown: unknown): void {
    const error = describeError(thrown);
    task.step = { at: 'report', error };
    const { partition, offset } = task.record;
    const { attempt } = task.context;
    this.#deps.emit({ type: 'failed', partition, offset, attempt, errorClass: error.class });
  }

  #handled(lane: Lane, task: Task): void {
    if (task.delivery === undefined) this.#finish(lane, task, 'handled');
    else task.step = { at: 'report', error: undefined };
  }

  async #report(lane: Lane, task: Task, error: Extract<Step, { at: 'report' }>['error']): Promise<void> {
    const { session } = this.#deps;
    if (error !== undefined) await lane.ahead.answered();
    const results = await session.report(task, error);
    await lane.ahead.answered();
    if (results === 'closed') {
      if (session.closed && lane.tasks[0] === task) lane.tasks.shift();
      task.done(closed());
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

  /** What a retry's outcome means for the records that are held behind it. */
  #afterRetry(lane: Lane, result: Result): void {
    if (result.result === 'wait' || result.result === 'kept') return;
    if (result.result === 'done' && !result.unlocked) this.#holding.isBusy(lane);
    else this.#holding.letGo(lane, result.result === 'done' ? 'unlocked' : 'failed');
  }

  #unlocked(keys: readonly WireKey[]): void {
    for (const key of keys) {
      const id = wireKeyId(key);
      const lane = id === undefined ? undefined : this.#lanes.get(id);
      if (lane !== undefined) this.#holding.letGo(lane, 'unlocked');
    }
  }

  #apply(lane: Lane, task: Task, result: Result): void {
    switch (result.result) {
      case 'wait':
        return;
      case 'block':
        task.step = { at: 'ask' };
        this.#deps.session.block.tried(task, false);
        return;
      case 'redirect':
        this.#deps.session.block.tried(task, true);
        task.step = { at: 'publish', claim: this.#deps.session.claimNumber, headers: result.headers };
        return;
      case 'done':
        this.#finish(lane, task, 'handled');
        return;
      case 'deadLettered':
        this.#finish(lane, task, 'dead-lettered');
        return;
      case 'kept':
        this.#finish(lane, task, 'unreported');
        return;
      case 'recorded':
      case 'stale':
        this.#finish(lane, task, result.result);
    }
  }

  async #publish(lane: Lane, task: Task, claim: number): Promise<void> {
    const { session, publisher, clock, emit } = this.#deps;
    if (!session.holds(claim)) {
      task.step = { at: 'ask' };
      return;
    }
    const group = toPublish(lane.tasks, claim);
    try {
      const count = await publisher.publish(group, lane.publishAlone);
      for (const { task: one } of group.slice(0, count)) {
        session.published(one);
        this.#finish(lane, one, 'redirected');
      }
      this.#holding.isBusy(lane);
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

  #finish(lane: Lane, task: Task, finish: Finish): void {
    if (lane.tasks[0] !== task) return;
    lane.tasks.shift();
    this.#deps.session.block.tried(task, finish === 'handled');
    // Before anybody hears of it: the next record of the key is on the short way again.
    if (lane.tasks.length === 0) this.#leave(lane);
    this.#tell(task, finish);
  }

  #tell(task: Task, finish: Finish): void {
    if (finish !== 'handled' || task.delivery !== undefined) {
      const { partition, offset } = task.record;
      this.#deps.emit({ type: 'finished', partition, offset, finish });
    }
    task.done(finish);
  }

  async #during(work: () => Promise<void>): Promise<void> {
    this.work.begin();
    try {
      await work();
    } finally {
      this.work.end();
    }
  }

  async #halted(): Promise<void> {
    const { signal } = this.#deps.session;
    if (this.#halt !== undefined && !signal.aborted) await this.#halt.over;
  }

  /** What waits is dropped at once; what a handler has in hand ends by itself. */
  #dropAll(): void {
    this.resume();
    for (const lane of this.#open) {
      for (const task of lane.tasks.splice(1)) task.done(closed());
    }
    for (const task of this.#holding.drop()) task.done(closed());
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function closed(): GateError {
  return new GateError('CLOSED', 'the partition was given up before the record was finished');
}
