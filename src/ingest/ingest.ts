import type { Clock } from '../clock.ts';
import type { KafkaRecord } from '../domain/record.ts';
import type { Logger } from '../logger.ts';
import type { Ingested, OwnerBox, OwnerReply, Refusal } from '../penalty-box/owner-box.ts';
import { Trouble } from '../trouble.ts';
import { readArrival } from './read-arrival.ts';
import type { ArrivalPolicy } from './read-arrival.ts';

interface Deps {
  readonly box: OwnerBox;
  readonly policy: ArrivalPolicy;
  readonly gated: boolean;
  /** On Redis' clock, epoch ms. */
  readonly now: () => number;
  readonly random: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** After each batch: what it held, and when the shard's earliest head is due. */
  readonly onIngested: (ingested: Ingested, nextDue: number | null) => void;
  /** Redis lost the shard, or another owner took over: nothing more is taken. */
  readonly onRefused: (refusal: Refusal) => void;
}

const BATCH_RECORDS = 1_000;
const BATCH_BYTES = 4 * 1024 * 1024;
/** Beyond this many records waiting, the partition is paused. */
const WAITING_LIMIT = 4_000;
const REDIS_RETRY = 200;

/** Retry topic → box, for one shard: one script call per batch, which moves the cursor in the same step. */
export class Ingest {
  readonly #deps: Deps;
  readonly #trouble: Trouble;
  #waiting: KafkaRecord[] = [];
  #cursor: number;
  #end: number;
  #work: Promise<void> | null = null;
  #stopped = false;

  constructor(deps: Deps, cursor: number) {
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
    this.#cursor = cursor;
    this.#end = cursor;
  }

  /** The next retry-topic offset that the box has not seen. */
  get cursor(): number {
    return this.#cursor;
  }

  get full(): boolean {
    return this.#waiting.length >= WAITING_LIMIT;
  }

  take(records: readonly KafkaRecord[]): void {
    if (this.#stopped) return;
    this.#waiting.push(...records);
    this.#end = Math.max(this.#end, (records.at(-1)?.offset ?? -1) + 1);
    this.#begin();
  }

  /** Everything before `offset` was handed out; what lies between is not for readers (control records). */
  reachEnd(offset: number): void {
    if (this.#stopped || offset <= this.#end) return;
    this.#end = offset;
    this.#begin();
  }

  /** Resolves when all that was taken is in the box. */
  async drained(): Promise<void> {
    while (this.#work) await this.#work;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting = [];
    await this.drained();
  }

  #begin(): void {
    this.#work ??= this.#drain().finally(() => {
      this.#work = null;
    });
  }

  async #drain(): Promise<void> {
    while (!this.#stopped && (this.#waiting.length > 0 || this.#cursor < this.#end)) {
      const batch = this.#nextBatch();
      const next = batch.length === this.#waiting.length ? this.#end : (batch.at(-1)?.offset ?? 0) + 1;
      const reply = await this.#ingest(batch, next);
      if (reply === null) continue;
      if (reply.kind === 'ok') {
        this.#waiting.splice(0, batch.length);
        this.#cursor = next;
        this.#deps.onIngested(reply.value, reply.nextDue);
      } else if (reply.kind === 'cursor') {
        // An answer got lost after the script had run: go on from where the box is.
        this.#cursor = reply.cursor;
        this.#waiting = this.#waiting.filter(({ offset }) => offset >= reply.cursor);
      } else {
        this.#stopped = true;
        this.#deps.onRefused(reply.kind === 'fenced' ? 'fenced' : 'lost');
      }
    }
  }

  async #ingest(batch: readonly KafkaRecord[], next: number): Promise<OwnerReply<Ingested> | null> {
    const { box, policy, gated, now, random, clock, logger } = this.#deps;
    const time = now();
    const arrivals = batch.map((record) => readArrival(record, policy, time, random()));
    for (const { retryOffset, malformed } of arrivals) {
      if (malformed)
        logger.warn(
          { event: 'retry_record_malformed', offset: retryOffset },
          'goes to the dead-letter topic',
        );
    }
    try {
      const reply = await box.ingest(this.#cursor, next, gated, arrivals);
      this.#trouble.over('ingest_goes_on', 'the box takes records again');
      return reply;
    } catch (error) {
      this.#trouble.met(
        { event: 'ingest_delayed', err: error, offset: this.#cursor },
        'the box did not take a batch; trying again',
      );
      await clock.sleep(REDIS_RETRY);
      return null;
    }
  }

  #nextBatch(): KafkaRecord[] {
    let bytes = 0;
    let count = 0;
    for (const record of this.#waiting) {
      bytes += record.value?.length ?? 0;
      if (count >= BATCH_RECORDS || (count > 0 && bytes > BATCH_BYTES)) break;
      count++;
    }
    return this.#waiting.slice(0, count);
  }
}
