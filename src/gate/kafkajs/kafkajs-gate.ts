import { sleep } from '../clock.ts';
import { GateError } from '../errors.ts';
import { Gate } from '../gate.ts';
import { OffsetTracker } from '../offset-tracker.ts';
import type { GateOptions } from '../options.ts';
import type { Finish, GateRecord, Handler, HandlerContext } from '../record.ts';
import { Slots } from '../slots.ts';
import type { HandlerPool } from '../task.ts';
import { commitProof } from './commit-proof.ts';
import type {
  EachBatchLike,
  EachMessageLike,
  KafkaJsConsumerLike,
  KafkaJsRecord,
  PartitionOf,
} from './types.ts';

export interface KafkaJsGateOptions extends GateOptions {
  /**
   * How long a record that waits for the service keeps its place in the client before it is handed back (default
   * 500 ms). Handing back lets other partitions go on; the client seeks, and offers the record again.
   */
  holdMs?: number;
  /** How long a revocation waits for handlers. Default 5 s. */
  revokeGraceMs?: number;
}

/** Handles one message. `Payload` is whatever the client hands to `eachMessage`. */
export type MessageHandler<Payload extends EachMessageLike> = (
  payload: Payload,
  context: HandlerContext,
) => unknown;

type Settled = Finish | GateError;

const ASSIGN = -175;
const REVOKE = -174;

/**
 * The gate for consumers of the KafkaJS API of @confluentinc/kafka-javascript. Never pauses (that loses prefetched
 * records there); instead what cannot go on is handed back, which makes the client seek to it.
 *
 * @example
 * const gate = new KafkaJsGate({ service, route: 'orders', topic: 'orders', publish });
 * const consumer = kafka.consumer({ kafkaJS: { groupId }, rebalance_cb: gate.rebalance });
 * gate.attach(consumer);
 * await consumer.run({ eachMessage: gate.eachMessage(async ({ message }) => handle(message)) });
 */
export class KafkaJsGate {
  readonly gate: Gate;
  readonly #holdMs: number;
  readonly #revokeGraceMs: number;
  /** Records that were handed back while they were under way, or have finished since. */
  readonly #underWay = new Map<number, Map<number, Promise<Settled>>>();
  readonly #next = new Map<number, number>();
  readonly #unlimited = new Slots(Infinity);

  constructor(options: KafkaJsGateOptions) {
    this.gate = new Gate(options);
    this.#holdMs = options.holdMs ?? 500;
    this.#revokeGraceMs = options.revokeGraceMs ?? 5_000;
  }

  /** Lets the gate prove by commits that the group still counts this consumer in. */
  attach(consumer: KafkaJsConsumerLike): void {
    const { gate } = this;
    gate.proveOwnershipBy(
      commitProof(consumer, gate.topic, gate.clock, (partition) => this.#next.get(partition)),
    );
  }

  /** Goes into the consumer's configuration as `rebalance_cb`. Without it no record is handled. */
  readonly rebalance = async (
    error: { code: number },
    assignment: readonly PartitionOf[],
    functions?: { assignmentLost?: () => boolean },
  ): Promise<void> => {
    const partitions = assignment
      .filter(({ topic }) => topic === this.gate.topic)
      .map((one) => one.partition);
    if (error.code === ASSIGN) {
      this.#forget(partitions);
      this.gate.assigned(partitions);
    } else if (error.code === REVOKE) {
      const lost = functions?.assignmentLost?.() === true;
      await this.gate.revoked(partitions, lost ? 0 : this.#revokeGraceMs);
      this.#forget(partitions);
    }
  };

  /** Wraps a handler for `consumer.run({ eachMessage })`. */
  eachMessage<Payload extends EachMessageLike>(
    handler: MessageHandler<Payload>,
  ): (payload: Payload) => Promise<void> {
    return async (payload) => {
      const { topic, partition, message } = payload;
      const record = toRecord(topic, partition, message);
      if (topic !== this.gate.topic) {
        await handler(payload, contextOf(record));
        return;
      }
      this.#next.set(partition, record.offset);
      this.gate.resume(partition);
      const own: Handler = (_record, context) => handler(payload, context);
      const settled = await this.#settle(record, own);
      if (settled instanceof GateError) throw settled;
    };
  }

  /**
   * Wraps a handler of single messages for `consumer.run({ eachBatch, eachBatchAutoResolve: false })`. Messages of a
   * key are handled one after another, up to `concurrency` keys at once; an offset is resolved when all before it are
   * finished.
   */
  eachBatch<Payload extends EachBatchLike>(
    handler: (message: EachMessageLike & { payload: Payload }, context: HandlerContext) => unknown,
    { concurrency = 8 }: { concurrency?: number } = {},
  ): (payload: Payload) => Promise<void> {
    const slots = new Slots(concurrency);
    return async (payload) => {
      const { topic, partition, messages } = payload.batch;
      if (topic !== this.gate.topic) {
        await ungatedBatch(payload, handler);
        return;
      }
      const tracker = new OffsetTracker();
      let current = true;
      this.gate.resume(partition);
      const all = messages.map(async (message): Promise<Settled> => {
        const record = toRecord(topic, partition, message);
        const own: Handler = (_record, context) => handler({ topic, partition, message, payload }, context);
        const finished = tracker.add(record.offset);
        const settled = await (this.#known(record) ?? this.#start(record, { handler: own, slots }));
        if (settled instanceof GateError) return settled;
        finished();
        // A batch that was handed back is the client's no longer.
        if (current) this.#resolve(payload, tracker, record);
        return settled;
      });
      await this.#hold(partition, Promise.all(all), payload);
      current = false;
      await throwIfRefused(all);
    };
  }

  /** Gives up all partitions. Disconnect the consumer before. */
  async close(): Promise<void> {
    await this.gate.close();
  }

  async #settle(record: GateRecord, handler: Handler): Promise<Settled> {
    const { partition } = record;
    let settled = this.#known(record);
    if (settled === undefined && this.#waiting(partition) === 0 && this.gate.pass(record)) {
      const end = this.gate.begin(partition);
      try {
        await handler(record, contextOf(record));
        return 'handled';
      } catch (thrown) {
        const pool = { handler, slots: this.#unlimited };
        settled = this.#remember(record, (done) => {
          this.gate.submitFailed(record, thrown, pool, done);
        });
      } finally {
        end();
      }
    }
    settled ??= this.#start(record, { handler, slots: this.#unlimited });
    if (!(await this.#hold(partition, settled))) return held();
    this.#underWay.get(partition)?.delete(record.offset);
    return settled;
  }

  /** Waits for `work` as long as a handler runs, and `holdMs` at a time otherwise; false: handed back unfinished. */
  async #hold(partition: number, work: Promise<unknown>, batch?: EachBatchLike): Promise<boolean> {
    const over = new AbortController();
    const finished = work.then(() => true);
    try {
      for (;;) {
        const held = sleep(this.gate.clock, this.#holdMs, over.signal).then(() => false);
        if (await Promise.race([finished, held])) return true;
        await batch?.heartbeat();
        if (this.gate.handling(partition) > 0 && batch?.isStale() !== true) continue;
        // From here on the record is not given to a handler until the client has offered it again.
        this.gate.halt(partition);
        if (this.gate.handling(partition) === 0) return false;
        await sleep(this.gate.clock, this.#holdMs, over.signal);
      }
    } finally {
      over.abort();
    }
  }

  #start(record: GateRecord, pool: HandlerPool): Promise<Settled> {
    return this.#remember(record, (done) => {
      this.gate.submit(record, pool, done);
    });
  }

  #remember(record: GateRecord, start: (done: (settled: Settled) => void) => void): Promise<Settled> {
    const settled = new Promise<Settled>(start);
    const known = this.#underWay.get(record.partition) ?? new Map<number, Promise<Settled>>();
    this.#underWay.set(record.partition, known.set(record.offset, settled));
    return settled;
  }

  #known(record: GateRecord): Promise<Settled> | undefined {
    return this.#underWay.get(record.partition)?.get(record.offset);
  }

  #waiting(partition: number): number {
    return this.#underWay.get(partition)?.size ?? 0;
  }

  #resolve(payload: EachBatchLike, tracker: OffsetTracker, { partition, offset }: GateRecord): void {
    const committable = tracker.committable ?? 0;
    if (committable <= offset) return;
    payload.resolveOffset(String(committable - 1));
    this.#next.set(partition, committable);
    const known = this.#underWay.get(partition);
    for (const one of known?.keys() ?? []) if (one < committable) known?.delete(one);
  }

  #forget(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.#underWay.delete(partition);
      this.#next.delete(partition);
    }
  }
}

function toRecord(topic: string, partition: number, message: KafkaJsRecord): GateRecord {
  const { key, value, timestamp, offset, headers } = message;
  return { topic, partition, offset: Number(offset), key, value, timestamp, headers: headers ?? {} };
}

async function ungatedBatch<Payload extends EachBatchLike>(
  payload: Payload,
  handler: (message: EachMessageLike & { payload: Payload }, context: HandlerContext) => unknown,
): Promise<void> {
  const { topic, partition, messages } = payload.batch;
  for (const message of messages) {
    await handler({ topic, partition, message, payload }, contextOf(toRecord(topic, partition, message)));
    payload.resolveOffset(message.offset);
  }
}

/** A batch that waits is handed back without a word; one that the gate may not handle at all is worth an error. */
async function throwIfRefused(all: readonly Promise<Settled>[]): Promise<void> {
  for (const one of all) {
    const settled = await Promise.race([one, Promise.resolve(undefined)]);
    if (settled instanceof GateError) throw settled;
    if (settled === undefined) return;
  }
}

function contextOf({ topic, partition, offset }: GateRecord): HandlerContext {
  return { attempt: 1, redelivered: false, origin: { topic, partition, offset } };
}

function held(): GateError {
  return new GateError('HELD', 'the record still waits for the retry service; it will be offered again');
}
