import type { Ownership } from './claimer.ts';
import { sleep } from './clock.ts';
import { GateError } from './errors.ts';
import type { HoldLimits } from './holding.ts';
import { HttpCaller } from './http.ts';
import { KeyLanes } from './key-lanes.ts';
import { withDefaults, type GateOptions } from './options.ts';
import { PartitionSession } from './partition-session.ts';
import { PollAge } from './poll-age.ts';
import type { Finish, GateRecord, Handler } from './record.ts';
import { Renewals } from './renewals.ts';
import { RetryPublisher } from './retry-publisher.ts';
import { RetryService } from './service.ts';
import { Slots } from './slots.ts';
import { Task, type Done, type HandlerPool } from './task.ts';

interface Partition {
  session: PartitionSession;
  lanes: KeyLanes;
}

/**
 * The consumer's side of ordered retries: asks before a record of a locked key is handled, reports failures, and
 * publishes to the retry topic what it is told to.
 *
 * Use it through an adapter (`KafkaJsGate`, `RdKafkaRunner`), or drive it directly: tell it of assignments and
 * revocations, hand it every record in offset order, and commit only what it calls finished.
 *
 * @example
 * if (gate.pass(record)) {
 *   try { await work(record); } catch (error) { await gate.failed(record, error, work); }
 * } else {
 *   await gate.handle(record, work);
 * }
 */
export class Gate {
  readonly route: string;
  readonly topic: string;
  readonly #options: ReturnType<typeof withDefaults>;
  readonly #service: RetryService;
  readonly #publisher: RetryPublisher;
  readonly #pollAge: PollAge;
  readonly #renewals: Renewals;
  readonly #partitions = new Map<number, Partition>();
  readonly #unlimited = new Slots(Infinity);
  readonly #holdLimits: HoldLimits = { limit: 0, ms: 0 };
  #proof: GateOptions['proveOwnership'];

  constructor(given: GateOptions) {
    const options = withDefaults(given);
    this.#options = options;
    this.route = options.route;
    this.topic = options.topic;
    this.#proof = options.proveOwnership;
    const { clock, emit } = options;
    this.#service = new RetryService({
      ...{ ...options, http: new HttpCaller(options, clock) },
      canHold: () => this.#holdLimits.limit > 0,
    });
    this.#publisher = new RetryPublisher({
      publish: options.publish,
      maxRecordBytes: options.maxRecordBytes,
      emit,
    });
    this.#pollAge = new PollAge(clock, options.maxPollAgeMs, emit);
    this.#renewals = new Renewals({
      ...{ service: this.#service, clock, emit, everyMs: options.renewEveryMs },
      sessions: () => [...this.#partitions.values()].map(({ session }) => session),
    });
  }

  /** The partitions were assigned to this consumer: claims them. Call it before the first of their records. */
  assigned(partitions: readonly number[]): void {
    const { clock, random, emit, retry, route } = this.#options;
    for (const partition of partitions) {
      // An assignment that comes twice is a new one: what was known under the old one is not to be relied on.
      this.#partitions.get(partition)?.session.close();
      const session = new PartitionSession(partition, {
        ...{ service: this.#service, clock, random, emit, retry, ownership: this.#ownership },
        ...{ route, topic: this.topic, patienceMs: this.#options.patienceMs, pollAge: this.#pollAge },
      });
      const lanes = new KeyLanes({
        ...{ route, session, publisher: this.#publisher, pollAge: this.#pollAge, clock, random, emit, retry },
        holdLimits: this.#holdLimits,
      });
      this.#partitions.set(partition, { session, lanes });
      session.start();
    }
    if (partitions.length > 0) emit({ type: 'assigned', partitions: [...partitions] });
    this.#renewals.start();
  }

  /**
   * The partitions are being taken away: hands nothing more out, waits up to `graceMs` for what is in a handler, then
   * gives them up. `graceMs: 0` where the assignment is lost already.
   */
  async revoked(partitions: readonly number[], graceMs = 5_000): Promise<void> {
    await this.drain(partitions, graceMs);
    for (const partition of partitions) {
      this.#partitions.get(partition)?.session.close();
      this.#partitions.delete(partition);
    }
    if (partitions.length > 0) this.#options.emit({ type: 'revoked', partitions: [...partitions] });
  }

  /** Hands nothing more out and waits up to `graceMs` for what is in a handler; then outcomes may still be committed. */
  async drain(partitions: readonly number[], graceMs: number): Promise<void> {
    const affected = partitions.flatMap((partition) => this.#partitions.get(partition) ?? []);
    for (const { lanes } of affected) lanes.halt();
    if (graceMs <= 0 || affected.every(({ lanes }) => lanes.work.active === 0)) return;
    const over = new AbortController();
    const settled = Promise.all(affected.map(({ lanes }) => lanes.work.settled()));
    await Promise.race([settled, sleep(this.#options.clock, graceMs, over.signal)]);
    over.abort();
  }

  /** A poll of the consumer succeeded. Where this is called, records are held back when the last call is too long ago. */
  polled(): void {
    this.#pollAge.polled();
  }

  /**
   * The normal case, synchronously: whether the record may be handled without asking. The caller then handles it and
   * calls `failed` if that fails; a success needs no call. Records of one key are the caller's to keep apart.
   */
  pass(record: GateRecord): boolean {
    const partition = this.#partitions.get(record.partition);
    if (partition === undefined || record.topic !== this.topic) return false;
    const { session, lanes } = partition;
    const { key } = record;
    return (
      session.passes(key, record.headers, record.offset) &&
      !lanes.isHalted &&
      session.block.isOpen &&
      !this.#pollAge.tooOld() &&
      (key === null || key === undefined || !lanes.has(key))
    );
  }

  /**
   * Takes a record through all its steps and resolves when it may be committed. Records of one key are handled in the
   * order of the calls. Rejects with a `GateError` when the record must not be committed.
   */
  handle(record: GateRecord, handler: Handler): Promise<Finish> {
    return this.#promised((done) => {
      this.submit(record, { handler, slots: this.#unlimited }, done);
    });
  }

  /** Takes a record on from a failed handler, after `pass` had said yes. `handler` runs again only after `block`. */
  failed(record: GateRecord, thrown: unknown, handler: Handler): Promise<Finish> {
    return this.#promised((done) => {
      this.submitFailed(record, thrown, { handler, slots: this.#unlimited }, done);
    });
  }

  /** For adapters: the same as `handle`, with a limit on handlers and without a promise. */
  submit(record: GateRecord, pool: HandlerPool, done: Done): void {
    const lanes = this.#lanes(record, done);
    lanes?.submit(new Task(record, pool, done));
  }

  submitFailed(record: GateRecord, thrown: unknown, pool: HandlerPool, done: Done): void {
    const lanes = this.#lanes(record, done);
    if (lanes === undefined) return;
    const task = new Task(record, pool, done);
    lanes.failed(task, thrown);
    lanes.submit(task);
  }

  /** For adapters: counts a handler that runs beside the gate after `pass`, so that `revoked` waits for it. */
  begin(partition: number): () => void {
    return this.#partitions.get(partition)?.lanes.beginHandling() ?? ((): void => undefined);
  }

  /** For adapters: how many of the partition's records are in a handler. */
  handling(partition: number): number {
    return this.#partitions.get(partition)?.lanes.work.handling ?? 0;
  }

  /** For adapters: keeps waiting records from being given to a handler, until `resume`. */
  halt(partition: number): void {
    this.#partitions.get(partition)?.lanes.halt();
  }

  resume(partition: number): void {
    this.#partitions.get(partition)?.lanes.resume();
  }

  /**
   * For adapters that go on reading a partition while records of it wait: up to `limit` records a partition may be held in
   * memory for `ms` at a time while the last retries of their key are under way. Call it before the first assignment.
   */
  holdUpTo(limits: HoldLimits): void {
    Object.assign(this.#holdLimits, limits);
  }

  /** For adapters that hold: whether there is room behind the partition's first unfinished record. */
  setRoom(partition: number, hasRoom: boolean): void {
    this.#partitions.get(partition)?.lanes.setRoom(hasRoom);
  }

  /** For adapters that can prove ownership by a commit; an option of the same name goes first. */
  proveOwnershipBy(proof: NonNullable<GateOptions['proveOwnership']>): void {
    this.#proof ??= proof;
  }

  /** For adapters. */
  get emit(): ReturnType<typeof withDefaults>['emit'] {
    return this.#options.emit;
  }

  get clock(): ReturnType<typeof withDefaults>['clock'] {
    return this.#options.clock;
  }

  /** Gives up every partition and stops. Closing twice is fine. */
  async close(graceMs = 0): Promise<void> {
    await this.revoked([...this.#partitions.keys()], graceMs);
    this.#renewals.stop();
  }

  get #ownership(): Ownership {
    return {
      generation: (partition) => this.#options.generation?.(partition),
      confirm: async (partition, signal) => {
        if (this.#proof !== undefined) return this.#proof(partition);
        if (this.#pollAge.known) return this.#pollAge.pollAfterNow(signal);
        return true;
      },
    };
  }

  #lanes(record: GateRecord, done: Done): KeyLanes | undefined {
    const partition = this.#partitions.get(record.partition);
    if (partition === undefined) {
      done(new GateError('NOT_ASSIGNED', 'tell the gate of assignments before its first record'));
    }
    return partition?.lanes;
  }

  #promised(start: (done: Done) => void): Promise<Finish> {
    return new Promise((resolve, reject) => {
      start((finish) => {
        if (finish instanceof GateError) reject(finish);
        else resolve(finish);
      });
    });
  }
}
