import { Asking } from './asking.ts';
import type { GateClock } from './clock.ts';
import type { OnEvent } from './events.ts';
import { Halt } from './halt.ts';
import { HandingOver } from './handing-over.ts';
import { Holding, type HoldLimits } from './holding.ts';
import { keyId, wireKeyId, type KeyId, type WireKey } from './keys.ts';
import type { Lane } from './lane.ts';
import { LaneEnds } from './lane-ends.ts';
import type { PartitionSession } from './partition-session.ts';
import type { PollAge } from './poll-age.ts';
import { Redirecting } from './redirecting.ts';
import { Reporting } from './reporting.ts';
import type { RetryPublisher } from './retry-publisher.ts';
import { RunAhead } from './run-ahead.ts';
import { ShortWay } from './short-way.ts';
import type { Task } from './task.ts';
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
 * Takes the records of one partition through the gate: those of a key one after another, different keys side by side. A
 * record that needs no answer goes the short way; the steps of the others are Asking, HandingOver, Reporting and Redirecting.
 *
 * Verdicts are asked for ahead, for as many records of the key as stand there with the same kind; a failure of the key
 * and the end of the claim make them void.
 */
export class KeyLanes {
  readonly #session: PartitionSession;
  readonly #lanes = new Map<KeyId, Lane>();
  readonly #open = new Set<Lane>();
  readonly #halt = new Halt();
  readonly #holding: Holding;
  readonly #ends: LaneEnds;
  readonly #shortWay: ShortWay;
  readonly #asking: Asking;
  readonly #handingOver: HandingOver;
  readonly #reporting: Reporting;
  readonly #redirecting: Redirecting;
  readonly work = new WorkCount();

  constructor(deps: KeyLanesDeps) {
    const { session, clock, emit, holdLimits } = deps;
    this.#session = session;
    this.#holding = new Holding({
      ...{ partition: session.partition, limits: holdLimits, clock, emit },
      goOn: (lane) => {
        if (!lane.driven) this.#go(lane);
      },
    });
    this.#ends = new LaneEnds({
      ...{ session, emit },
      leave: (lane) => {
        this.#leave(lane);
      },
    });
    const parts = { ...deps, work: this.work, halt: this.#halt, holding: this.#holding, ends: this.#ends };
    this.#asking = new Asking(parts);
    this.#reporting = new Reporting(parts);
    this.#redirecting = new Redirecting(parts);
    this.#handingOver = new HandingOver({ ...parts, reporting: this.#reporting });
    this.#shortWay = new ShortWay({
      ...parts,
      goOn: (lane) => {
        this.#go(lane);
      },
      drive: (lane) => {
        void this.#drive(lane);
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
    session.signal.addEventListener('abort', () => {
      this.#dropAll();
    });
  }

  /** Whether records of this key are under way here. */
  has(key: Buffer | string): boolean {
    return this.#lanes.size !== 0 && this.#lanes.has(keyId(key));
  }

  submit(task: Task): void {
    if (this.#session.closed) {
      this.#ends.drop(task);
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

  /** The handler of a record that ran beside the lanes failed; it is submitted next. */
  failed(task: Task, thrown: unknown): void {
    this.#ends.failed(task, thrown);
  }

  halt(): void {
    this.#halt.begin();
  }

  resume(): void {
    this.#halt.end();
  }

  get isHalted(): boolean {
    return this.#halt.isOn;
  }

  #go(lane: Lane): void {
    lane.driven = true;
    if (!this.#shortWay.takes(lane)) void this.#drive(lane);
  }

  async #drive(lane: Lane): Promise<void> {
    for (;;) {
      const task = lane.tasks[0];
      if (task === undefined) break;
      if (this.#session.closed && task.step.at !== 'report') break;
      await this.#advance(lane, task);
    }
    lane.driven = false;
    const dropped = lane.tasks.splice(0);
    this.#leave(lane);
    for (const task of dropped) this.#ends.drop(task);
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
        await this.#asking.ask(lane, task);
        break;
      case 'handle':
        await this.#handingOver.handle(lane, task, step.claim);
        break;
      case 'skip':
        if (this.#session.holds(step.claim)) this.#ends.finish(lane, task, 'skipped');
        else task.step = { at: 'ask' };
        break;
      case 'report':
        await this.#during(() => this.#reporting.report(lane, task, step.error));
        break;
      case 'publish':
        await this.#during(() => this.#redirecting.publish(lane, task, step.claim));
    }
  }

  async #during(work: () => Promise<void>): Promise<void> {
    this.work.begin();
    try {
      await work();
    } finally {
      this.work.end();
    }
  }

  #unlocked(keys: readonly WireKey[]): void {
    for (const key of keys) {
      const id = wireKeyId(key);
      const lane = id === undefined ? undefined : this.#lanes.get(id);
      if (lane !== undefined) this.#holding.letGo(lane, 'unlocked');
    }
  }

  /** What waits is dropped at once; what a handler has in hand ends by itself. */
  #dropAll(): void {
    this.resume();
    for (const lane of this.#open) {
      for (const task of lane.tasks.splice(1)) this.#ends.drop(task);
    }
    for (const task of this.#holding.drop()) this.#ends.drop(task);
  }
}
