import type { Clock } from '../clock.ts';
import { isJournal, readJournal } from '../domain/journal-record.ts';
import type { JournalRecord } from '../domain/journal-record.ts';
import type { KafkaRecord } from '../domain/record.ts';
import type { Logger } from '../logger.ts';
import type { Arrival } from '../penalty-box/entry.ts';
import { refusalOf } from '../penalty-box/owner-box.ts';
import type { Ingested, OwnerBox, OwnerReply, Refusal } from '../penalty-box/owner-box.ts';
import { lackedMemory } from '../redis/failure.ts';
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
  /** Larger messages are left in the retry topic, bytes. */
  readonly inlineUpTo: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Redis has lost the shard: the journal is part of what is read. */
  readonly rebuilding: (retryOffset: number) => boolean;
  /** After each batch: what it held, and when the shard's earliest head is due. */
  readonly onIngested: (ingested: Ingested, nextDue: number | null) => void;
  /** The records of each batch that was read for the first time. */
  readonly onArrived: (arrivals: readonly Arrival[]) => void;
  /** Redis has no memory for more. */
  readonly onFull: () => void;
  /** Redis lost the shard, or another owner took over: nothing more is taken. */
  readonly onRefused: (refusal: Refusal) => void;
}

const BATCH_RECORDS = 1_000;
const BATCH_BYTES = 4 * 1024 * 1024;
/** Beyond this many records waiting, the partition is paused. */
const WAITING_LIMIT = 2_000;
const REDIS_RETRY = 200;
/** Redis is full: room comes with redeliveries that succeed. */
const MEMORY_RETRY = 1_000;
/** The same of bytes. */
const WAITING_BYTES = 8 * 1024 * 1024;

/** What a journal record tells; only a rebuild hears it. */
interface Told {
  readonly retryOffset: number;
  readonly journal: JournalRecord;
}

type Waiting = Arrival | Told;

const NOTHING: Ingested = { failed: 0, behind: 0, again: 0, arrived: 0, duplicate: 0, late: 0, moved: 0 };

/** Retry topic → box, for one shard: one script call per batch, which moves the cursor in the same step. */
export class Ingest {
  readonly #deps: Deps;
  readonly #trouble: Trouble;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #cursor: number;
  #end: number;
  #work: Promise<void> | null = null;
  #stopped = false;
  #waitingForCursor: { offset: number; resolve: () => void }[] = [];

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
    return this.#waiting.length >= WAITING_LIMIT || this.#waitingBytes >= WAITING_BYTES;
  }

  take(records: readonly KafkaRecord[]): void {
    if (this.#stopped) return;
    for (const record of records) {
      const read = isJournal(record.headers) ? this.#readJournal(record) : this.#read(record);
      if (read === null) continue;
      this.#waiting.push(read);
      this.#waitingBytes += bytesOf(read);
    }
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

  /** Resolves when everything before `offset` is in the box, or nothing more is taken. */
  async reached(offset: number): Promise<void> {
    if (this.#stopped || this.#cursor >= offset) return;
    await new Promise<void>((resolve) => this.#waitingForCursor.push({ offset, resolve }));
  }

  async stop(): Promise<void> {
    this.#stop();
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.drained();
  }

  #stop(): void {
    this.#stopped = true;
    for (const { resolve } of this.#waitingForCursor.splice(0)) resolve();
  }

  #moveTo(cursor: number): void {
    this.#cursor = cursor;
    this.#waitingForCursor = this.#waitingForCursor.filter(({ offset, resolve }) => {
      if (offset <= cursor) resolve();
      return offset > cursor;
    });
  }

  #begin(): void {
    this.#work ??= this.#drain().finally(() => {
      this.#work = null;
    });
  }

  async #drain(): Promise<void> {
    while (!this.#stopped && (this.#waiting.length > 0 || this.#cursor < this.#end)) {
      const batch = this.#nextBatch();
      const next = batch.length === this.#waiting.length ? this.#end : (batch.at(-1)?.retryOffset ?? 0) + 1;
      const reply = await this.#ingest(batch, next);
      if (reply === null) continue;
      if (reply.kind === 'ok') {
        for (const taken of this.#waiting.splice(0, batch.length)) this.#waitingBytes -= bytesOf(taken);
        this.#moveTo(next);
        const [first] = batch;
        const isNew =
          first !== undefined && !('journal' in first) && !this.#deps.rebuilding(first.retryOffset);
        if (isNew) this.#deps.onArrived(batch as Arrival[]);
        this.#deps.onIngested(reply.value, reply.nextDue);
      } else if (reply.kind === 'cursor') {
        // An answer got lost after the script had run: go on from where the box is.
        this.#moveTo(reply.cursor);
        this.#waiting = this.#waiting.filter(({ retryOffset }) => retryOffset >= reply.cursor);
        this.#waitingBytes = this.#waiting.reduce((sum, waiting) => sum + bytesOf(waiting), 0);
      } else {
        this.#stop();
        this.#deps.onRefused(refusalOf(reply));
      }
    }
  }

  /** Read as it comes: what waits is small, and the client's message can be forgotten. */
  #read(record: KafkaRecord): Arrival {
    const { policy, now, random, inlineUpTo, logger } = this.#deps;
    const arrival = readArrival(record, policy, now(), random(), inlineUpTo());
    if (arrival.malformed)
      logger.warn(
        { event: 'retry_record_malformed', offset: record.offset },
        'goes to the dead-letter topic',
      );
    return arrival;
  }

  #readJournal(record: KafkaRecord): Told | null {
    const { rebuilding, logger } = this.#deps;
    if (!rebuilding(record.offset)) return null;
    const journal = readJournal(record);
    if (journal === null)
      logger.warn(
        { event: 'journal_unreadable', offset: record.offset },
        'a journal record can not be read and is left out; what it tells may happen again',
      );
    return journal && { retryOffset: record.offset, journal };
  }

  async #ingest(batch: readonly Waiting[], next: number): Promise<OwnerReply<Ingested> | null> {
    const { clock, onFull } = this.#deps;
    try {
      const reply = await this.#put(batch, next);
      this.#trouble.over('ingest_goes_on', 'the box takes records again');
      return reply;
    } catch (error) {
      this.#trouble.met(
        { event: 'ingest_delayed', err: error, offset: this.#cursor },
        'the box did not take a batch; trying again',
      );
      const full = lackedMemory(error);
      if (full) onFull();
      await clock.sleep(full ? MEMORY_RETRY : REDIS_RETRY);
      return null;
    }
  }

  async #put(batch: readonly Waiting[], next: number): Promise<OwnerReply<Ingested>> {
    const { box, gated } = this.#deps;
    const [first] = batch;
    if (first === undefined || !('journal' in first)) {
      return box.ingest(this.#cursor, next, gated, batch as readonly Arrival[]);
    }
    const { ownerEpoch, items } = first.journal;
    const reply = await box.replay(this.#cursor, next, ownerEpoch, items);
    return reply.kind === 'ok' ? { ...reply, value: NOTHING } : reply;
  }

  /** Arrivals in a row, or one journal record. */
  #nextBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      if ('journal' in waiting) {
        if (count === 0) count = 1;
        break;
      }
      bytes += waiting.payload.length;
      if (count >= BATCH_RECORDS || (count > 0 && bytes > BATCH_BYTES)) break;
      count++;
    }
    return this.#waiting.slice(0, count);
  }
}

function bytesOf(waiting: Waiting): number {
  return 'journal' in waiting ? 0 : waiting.payload.length;
}
