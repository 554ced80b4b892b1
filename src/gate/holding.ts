import type { GateClock } from './clock.ts';
import type { LetGo, OnEvent } from './events.ts';
import type { KeyId } from './keys.ts';
import type { Lane } from './lane.ts';
import type { Task } from './task.ts';

/** How much of one partition may be held, and for how long. `limit: 0`: nothing is, and claims don't say that it could be. */
export interface HoldLimits {
  limit: number;
  ms: number;
}

export interface HoldingDeps {
  partition: number;
  limits: Readonly<HoldLimits>;
  clock: GateClock;
  emit: OnEvent;
  /** Goes on with a lane whose records are to be asked about again. */
  goOn: (lane: Lane) => void;
}

/**
 * For how long fresh records of a key are gathered before they are asked about, when those before them were redirected or
 * its retries are coming: asked about one by one, one of them would always be on its way to the retry topic, and the key
 * would stay locked for as long as it is busy.
 */
const GATHER_MS = 100;
/** Where that was too short for a message to go through Kafka and back, twice as long, up to this. */
const MOST_GATHER_MS = 400;
/** A key that was not busy for so long begins anew. */
const FORGET_MS = 2_000;

/** Of a key whose records were redirected, or one of several retries of which succeeded. */
interface Busy {
  /** When that was. */
  readonly at: number;
  readonly gatherMs: number;
  /** Records were gathered since. */
  gathered: boolean;
}

/**
 * The hand-off at the tail: fresh records that wait beside the lane of their key, in their order, while its redelivered
 * ones pass them. They are not announced, and whatever is not finished is not committed.
 *
 * They wait until the outcome that unlocks the key, its next failure, the end of the claim, or a limit, whichever is first,
 * and are then asked about together. After a limit they say that they can't be held any longer.
 */
export class Holding {
  readonly #deps: HoldingDeps;
  readonly #timers = new Map<Lane, () => void>();
  /** Oldest first. */
  readonly #busy = new Map<KeyId, Busy>();
  #count = 0;
  #hasRoom = true;

  constructor(deps: HoldingDeps) {
    this.#deps = deps;
  }

  /** Whether a record has to wait behind those that are held. */
  takes(lane: Lane, { delivery, step }: Task): boolean {
    return lane.held.length > 0 && delivery === undefined && step.at === 'ask';
  }

  join(lane: Lane, task: Task): void {
    this.#put(lane, [task]);
    this.#checkLimit(lane);
  }

  /** The service said `hold` to `first`: it and all fresh records behind it are held. */
  hold(lane: Lane, first: Task): void {
    const { clock, emit, limits, partition } = this.#deps;
    const records = this.#setAside(lane, first);
    lane.heldSince ??= clock.now();
    this.#wait(lane, lane.heldSince + limits.ms, 'too-long');
    emit({ type: 'held', partition, records });
    this.#checkLimit(lane);
  }

  /** Another verdict than `hold`. */
  notHeld(lane: Lane): void {
    lane.heldSince = undefined;
  }

  /** True: `first` and the fresh records behind it wait a little for more, and for the retries of their key. */
  gathers(lane: Lane, first: Task): boolean {
    const { clock, limits } = this.#deps;
    const busy = lane.id === undefined ? undefined : this.#busy.get(lane.id);
    if (busy === undefined || first.asksAgain || !this.#hasRoom || this.#count >= limits.limit) return false;
    const until = busy.at + busy.gatherMs;
    if (clock.now() >= until) return false;
    busy.gathered = true;
    this.#setAside(lane, first);
    this.#wait(lane, until, undefined);
    this.#checkLimit(lane);
    return true;
  }

  /** Records of the key were redirected, or a retry succeeded that was not the last one. */
  isBusy(lane: Lane): void {
    const { clock, limits } = this.#deps;
    if (lane.id === undefined || limits.limit === 0) return;
    const now = clock.now();
    const before = this.#busy.get(lane.id);
    const last = before?.gatherMs ?? GATHER_MS;
    const gatherMs = before?.gathered === true ? Math.min(MOST_GATHER_MS, 2 * last) : last;
    this.#busy.delete(lane.id);
    this.#busy.set(lane.id, { at: now, gatherMs, gathered: false });
    for (const [id, { at }] of this.#busy) {
      if (now - at < FORGET_MS) break;
      this.#busy.delete(id);
    }
  }

  /** A redelivered record comes: what was gathered is asked about before it, when most is likely to be in flight. */
  retryComes(lane: Lane): void {
    if (lane.held.length > 0 && lane.heldSince === undefined) this.#askAgain(lane, undefined);
  }

  letGo(lane: Lane, why: LetGo): void {
    if (lane.id !== undefined) this.#busy.delete(lane.id);
    this.#askAgain(lane, why);
  }

  letAllGo(why: LetGo): void {
    for (const lane of [...this.#timers.keys()]) this.letGo(lane, why);
  }

  /** Whether the consumer has room for records behind those that are held. Without it nothing is. */
  setRoom(hasRoom: boolean): void {
    if (this.#hasRoom === hasRoom) return;
    this.#hasRoom = hasRoom;
    if (!hasRoom) this.letAllGo('too-many');
  }

  /** Whether the service may answer `hold` for this record. */
  mayHold(task: Task): boolean {
    return this.#hasRoom && task.mayHold;
  }

  /** The partition was given up: what is held will be read again. */
  drop(): Task[] {
    return [...this.#timers.keys()].flatMap((lane) => this.#take(lane));
  }

  #setAside(lane: Lane, first: Task): number {
    const from = lane.tasks.indexOf(first);
    const fresh = lane.tasks.filter(
      (task, index) => index >= from && task.delivery === undefined && task.step.at === 'ask',
    );
    const gone = new Set(fresh);
    lane.tasks.splice(0, Infinity, ...lane.tasks.filter((task) => !gone.has(task)));
    this.#put(lane, fresh);
    return fresh.length;
  }

  #put(lane: Lane, tasks: readonly Task[]): void {
    lane.held.push(...tasks);
    this.#count += tasks.length;
  }

  #wait(lane: Lane, until: number, why: LetGo | undefined): void {
    const { clock } = this.#deps;
    this.#timers.get(lane)?.();
    const cancel = clock.after(
      Math.max(0, until - clock.now()),
      () => {
        this.#askAgain(lane, why);
      },
      { background: true },
    );
    this.#timers.set(lane, cancel);
  }

  #checkLimit(lane: Lane): void {
    if (this.#count > this.#deps.limits.limit) this.#askAgain(lane, 'too-many');
  }

  #askAgain(lane: Lane, why: LetGo | undefined): void {
    const tasks = this.#take(lane);
    if (tasks.length === 0) return;
    for (const task of tasks) {
      task.asksAgain = true;
      if (why === 'too-long' || why === 'too-many') task.mayHold = false;
    }
    if (why !== undefined) {
      const { emit, partition } = this.#deps;
      emit({ type: 'held-no-longer', partition, records: tasks.length, reason: why });
    }
    lane.tasks.push(...tasks);
    this.#deps.goOn(lane);
  }

  #take(lane: Lane): Task[] {
    this.#timers.get(lane)?.();
    this.#timers.delete(lane);
    const tasks = lane.held.splice(0);
    this.#count -= tasks.length;
    return tasks;
  }
}
