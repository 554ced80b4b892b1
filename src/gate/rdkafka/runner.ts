import { sleep } from '../clock.ts';
import { GateError } from '../errors.ts';
import { codeOf } from '../events.ts';
import type { Gate } from '../gate.ts';
import { OffsetTracker } from '../offset-tracker.ts';
import type { GateRecord, Handler } from '../record.ts';
import { Slots } from '../slots.ts';
import type { HandlerPool } from '../task.ts';
import { Backpressure } from './backpressure.ts';
import { Commits } from './commits.ts';
import type { ConsumerCallbacks, RdKafkaConsumerLike, TopicPartitionLike } from './types.ts';

export interface RdKafkaRunnerOptions {
  gate: Gate;
  /** Makes the consumer; the callbacks go into its configuration as they are. */
  createConsumer: (callbacks: ConsumerCallbacks) => RdKafkaConsumerLike;
  handler: Handler;
  /** Handlers at once; records of one key are always handled one after another. Default 16. */
  concurrency?: number;
  /** Records a poll. Default 500. */
  batchSize?: number;
  /** How long an empty poll waits; it holds a libuv thread meanwhile. Default 100 ms. */
  pollMs?: number;
  commitEveryMs?: number;
  /** How long a revocation, and a stop, waits for handlers. Default 5 s and 30 s. */
  revokeGraceMs?: number;
  stopGraceMs?: number;
  /**
   * While the last retries of a key are under way, its next records wait in memory for as long as this and are then handled,
   * instead of following through the retry topic. Default 5 s.
   */
  holdMs?: number;
  /** How many records of one partition wait so. 0: none. Default 100. */
  holdLimit?: number;
  maxUnfinished?: number;
  maxUnfinishedPerPartition?: number;
  maxAhead?: number;
}

const ASSIGN = -175;
const REVOKE = -174;
const COMMIT_ANSWER_MS = 5_000;
const LEAVE_MS = 10_000;

/**
 * Consumes the main topic through the RdKafka API and takes every record through the gate. Commits, for each
 * partition, the offset before which everything is finished.
 *
 * @example
 * const runner = new RdKafkaRunner({
 *   gate, handler,
 *   createConsumer: (callbacks) => new RdKafka.KafkaConsumer({ ...config, 'group.id': group, ...callbacks }),
 * });
 * await runner.start();
 */
export class RdKafkaRunner {
  readonly #options: RdKafkaRunnerOptions;
  readonly #gate: Gate;
  readonly #pool: HandlerPool;
  readonly #trackers = new Map<number, OffsetTracker>();
  /** Partitions that are being taken away: what still comes of them belongs to the next owner. */
  readonly #leaving = new Set<number>();
  readonly #backpressure: Backpressure;
  readonly #commits: Commits;
  readonly #ended = new AbortController();
  #consumer: RdKafkaConsumerLike | undefined;
  #loop: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #lastCommit = 0;
  #onEmpty: (() => void) | undefined;

  constructor(options: RdKafkaRunnerOptions) {
    this.#options = options;
    this.#gate = options.gate;
    this.#pool = { handler: options.handler, slots: new Slots(options.concurrency ?? 16) };
    this.#backpressure = new Backpressure({
      maxUnfinished: options.maxUnfinished ?? 5_000,
      maxUnfinishedPerPartition: options.maxUnfinishedPerPartition ?? 1_000,
      maxAhead: options.maxAhead ?? 10_000,
    });
    this.#gate.holdUpTo({ limit: options.holdLimit ?? 100, ms: options.holdMs ?? 5_000 });
    const { topic, clock, emit } = options.gate;
    this.#commits = new Commits({
      ...{ topic, clock, emit, trackers: this.#trackers },
      consumer: () => this.#connected(),
    });
    this.#gate.proveOwnershipBy((partition) => this.#commits.prove(partition));
  }

  /** Connects, subscribes and starts to consume. */
  async start(): Promise<void> {
    if (this.#consumer !== undefined) return;
    const consumer = this.#options.createConsumer({
      rebalance_cb: (error, assignment) => {
        this.#rebalance(error, assignment);
      },
      offset_commit_cb: (error, partitions) => {
        this.#commits.answered(error, partitions);
      },
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
    });
    this.#consumer = consumer;
    await called((callback) => consumer.connect(undefined, callback));
    consumer.setDefaultConsumeTimeout(this.#options.pollMs ?? 100);
    consumer.setDefaultIsTimeoutOnlyForFirstMessage?.(true);
    consumer.subscribe([this.#gate.topic]);
    this.#loop = this.#consumeUntilEnded(consumer);
  }

  /**
   * Hands nothing more out, waits for handlers, commits, leaves the group, and only then disconnects: a commit in a
   * revocation that `disconnect` brings about would fail.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const consumer = this.#consumer;
    if (consumer !== undefined && this.#loop !== undefined) {
      const partitions = [...this.#trackers.keys()];
      for (const partition of partitions) this.#leaving.add(partition);
      await this.#gate.drain(partitions, this.#options.stopGraceMs ?? 30_000);
      await this.#commits.sendAndWait(partitions, COMMIT_ANSWER_MS);
      consumer.unsubscribe();
      await this.#untilEmpty();
      this.#ended.abort();
      await this.#loop;
      await called((callback) => consumer.disconnect(callback));
    }
    this.#ended.abort();
    await this.#gate.close();
  }

  async #consumeUntilEnded(consumer: RdKafkaConsumerLike): Promise<void> {
    const { batchSize = 500, commitEveryMs = 1_000 } = this.#options;
    const { clock, emit } = this.#gate;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      this.#regulate(consumer);
      try {
        const records = await called<GateRecord[]>((callback) => {
          consumer.consume(batchSize, callback);
        });
        this.#gate.polled();
        for (const record of records) this.#dispatch(record);
      } catch (error) {
        emit({ type: 'consumer-error', code: codeOf(error) });
        await sleep(clock, this.#options.pollMs ?? 100, signal);
      }
      if (clock.now() - this.#lastCommit < commitEveryMs) continue;
      this.#lastCommit = clock.now();
      this.#commits.send();
    }
  }

  #dispatch(record: GateRecord): void {
    const { partition, offset } = record;
    const tracker = this.#trackers.get(partition);
    if (tracker === undefined || this.#leaving.has(partition) || record.topic !== this.#gate.topic) return;
    // The client may fetch again what it has handed out already, after a resume.
    if (offset <= tracker.last) return;
    const finished = tracker.add(offset);
    this.#gate.submit(record, this.#pool, (finish) => {
      // One that was dropped stays unfinished, and the commit before it.
      if (!(finish instanceof GateError)) finished();
    });
  }

  /** Polling goes on whatever happens: it serves the commits' answers and keeps the membership alive. */
  #regulate(consumer: RdKafkaConsumerLike): void {
    const { pause, resume } = this.#backpressure.decide(this.#trackers);
    for (const [partition, tracker] of this.#trackers) {
      this.#gate.setRoom(partition, this.#backpressure.hasRoom(partition, tracker));
    }
    try {
      if (pause.length > 0) consumer.pause(this.#named(pause));
      if (resume.length > 0) consumer.resume(this.#named(resume));
    } catch (error) {
      // Next time everything is decided anew.
      this.#backpressure.forget([...pause, ...resume]);
      this.#gate.emit({ type: 'consumer-error', code: codeOf(error) });
    }
  }

  #rebalance(error: unknown, assignment: TopicPartitionLike[]): void {
    const code = codeOf(error);
    if (code === String(ASSIGN)) this.#assign(assignment);
    else if (code === String(REVOKE)) void this.#revoke(assignment);
    else this.#gate.emit({ type: 'consumer-error', code });
  }

  #assign(assignment: TopicPartitionLike[]): void {
    const consumer = this.#connected();
    const partitions = assignment.map(({ partition }) => partition);
    for (const partition of partitions) {
      this.#trackers.set(partition, new OffsetTracker());
      this.#leaving.delete(partition);
    }
    this.#backpressure.forget(partitions);
    this.#commits.forget(partitions);
    this.#gate.assigned(partitions);
    this.#attempt(() => {
      if (consumer.rebalanceProtocol?.() === 'COOPERATIVE') consumer.incrementalAssign?.(assignment);
      else consumer.assign(assignment);
      // A partition that was paused, taken away and given back would otherwise stay paused for ever.
      if (assignment.length > 0) consumer.resume(assignment);
    });
  }

  async #revoke(assignment: TopicPartitionLike[]): Promise<void> {
    const consumer = this.#connected();
    const partitions = assignment.map(({ partition }) => partition);
    const lost = consumer.assignmentLost?.() === true;
    for (const partition of partitions) this.#leaving.add(partition);
    if (!lost) {
      await this.#gate.drain(partitions, this.#options.revokeGraceMs ?? 5_000);
      await this.#commits.sendAndWait(partitions, COMMIT_ANSWER_MS);
    }
    await this.#gate.revoked(partitions, 0);
    for (const partition of partitions) {
      this.#trackers.delete(partition);
      this.#leaving.delete(partition);
    }
    this.#attempt(() => {
      if (consumer.rebalanceProtocol?.() === 'COOPERATIVE') consumer.incrementalUnassign?.(assignment);
      else consumer.unassign();
    });
    if (this.#trackers.size === 0) this.#onEmpty?.();
  }

  /** Resolves when nothing is assigned any more, or nobody has taken it away in time. */
  async #untilEmpty(): Promise<void> {
    if (this.#trackers.size === 0) return;
    const over = new AbortController();
    const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve));
    await Promise.race([empty, sleep(this.#gate.clock, LEAVE_MS, over.signal)]);
    over.abort();
  }

  #attempt(change: () => void): void {
    try {
      change();
    } catch (error) {
      this.#gate.emit({ type: 'consumer-error', code: codeOf(error) });
    }
  }

  #named(partitions: readonly number[]): TopicPartitionLike[] {
    return partitions.map((partition) => ({ topic: this.#gate.topic, partition }));
  }

  #connected(): RdKafkaConsumerLike {
    if (this.#consumer === undefined) throw new GateError('OWNERSHIP', 'the runner has no consumer yet');
    return this.#consumer;
  }
}

function called<Result = unknown>(
  call: (callback: (error: unknown, result?: Result) => void) => unknown,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    call((error, result) => {
      if (error === undefined || error === null) resolve(result as Result);
      else reject(error instanceof Error ? error : Object.assign(new Error('Kafka'), { cause: error }));
    });
  });
}
