import type { Clock } from '../clock.ts';
import type { DeadLetterReason } from '../domain/outgoing-headers.ts';
import type { Lease } from '../kafka/byte-budget.ts';
import { madeAgain } from '../kafka/send.ts';
import type { OutgoingRecord, RecordSource, Send, SendResult } from '../kafka/send.ts';
import type { Logger } from '../logger.ts';
import type { Job } from '../penalty-box/entry.ts';
import { refusalOf } from '../penalty-box/owner-box.ts';
import type { OwnerBox, OwnerReply, Refusal } from '../penalty-box/owner-box.ts';
import { decodePayload } from '../penalty-box/payload.ts';
import type { Payload } from '../penalty-box/payload.ts';
import type { Departure, Tracing } from '../tracing/tracing.ts';
import { Trouble } from '../trouble.ts';
import { contentOf, isWhole } from './content.ts';
import type { ContentSources } from './content.ts';
import { keptInRetryTopic, recordOf } from './outgoing-record.ts';
import type { Destinations } from './outgoing-record.ts';
import { ReadJob } from './read-job.ts';
import { afterRefusal } from './refusal.ts';
import { UnitLanes } from './unit-lanes.ts';

interface Deps {
  readonly box: OwnerBox;
  readonly destinations: Destinations;
  readonly hold: boolean;
  /** After so many refusals in a row for its own sake a message is undeliverable. */
  readonly undeliverableAttempts: number;
  readonly send: Send;
  /** Headers and values that Redis does not hold. */
  readonly content: ContentSources;
  /** Kafka does not have them any more either. */
  readonly onLost: (job: Job) => void;
  /** On Redis' clock, epoch ms. */
  readonly now: () => number;
  /** Kafka has acknowledged it, this long after it was due (ms). */
  readonly onWritten: (job: Job, latenessMs: number) => void;
  /** Kafka refused it for its own sake. */
  readonly onUnpublishable: (job: Job) => void;
  /** The box says when the shard's earliest head is due now. */
  readonly onNextDue: (at: number) => void;
  readonly onRefused: (refusal: Refusal) => void;
  /** null: nobody traces. */
  readonly tracing: Tracing | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Withdrawal {
  readonly job: Job;
  readonly notBefore: number;
  readonly reason?: DeadLetterReason;
  readonly refusals?: number;
}

/** A publish that Kafka did not take is tried again after this. */
const PUBLISH_RETRY = 1_000;
/** A dead letter that its topic does not take in any form. */
const STUCK_RETRY = 10_000;
const REDIS_RETRY = 200;
const UNREADABLE_RETRY = 60_000;

/** Sends what the scheduler released, in its order, and tells the box what Kafka acknowledged: many in one call. */
export class Redelivery {
  readonly #deps: Deps;
  readonly #trouble: Trouble;
  /** A topic that is away is told once, not for each message once a second. */
  readonly #unpublished: { readonly redelivery: Trouble; readonly deadLetter: Trouble };
  readonly #unread: Trouble;
  readonly #written: { job: Job; offset: number }[] = [];
  readonly #buried: Job[] = [];
  /** Buried without their values. */
  readonly #kept: Job[] = [];
  readonly #withdrawn: Withdrawal[] = [];
  readonly #lanes = new UnitLanes();
  #telling: Promise<void> | null = null;
  #sending = 0;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
    this.#unread = new Trouble(deps.logger);
    this.#unpublished = { redelivery: new Trouble(deps.logger), deadLetter: new Trouble(deps.logger) };
  }

  send(jobs: readonly Job[]): void {
    for (const job of jobs) {
      const payload = this.#payloadOf(job);
      if (payload === null) continue;
      const here = isWhole(payload, { byReference: job.deadLetter !== null });
      if (here && !this.#lanes.has(job.unit)) {
        this.#publish(job, this.#make(job, payload), () => this.#makeAgain(job));
      } else {
        this.#publishInTurn(job, payload, here);
      }
    }
  }

  /** Null, and tried again later, where Redis holds something that is no payload of ours. */
  #payloadOf(job: Job): Payload | null {
    const { destinations, logger, now } = this.#deps;
    try {
      return decodePayload(job.payload, destinations.home);
    } catch (error) {
      logger.error(
        { event: 'payload_unreadable', offset: job.retryOffset, err: error },
        'what Redis holds of a message can not be read; its key waits (discard it, or let the shard be rebuilt)',
      );
      this.#withdrawn.push({ job, notBefore: now() + UNREADABLE_RETRY });
      this.#tell();
      return null;
    }
  }

  #make(job: Job, payload: Payload): OutgoingRecord {
    return recordOf(job, payload, this.#deps.destinations, this.#deps.now());
  }

  #makeAgain(job: Job): OutgoingRecord {
    return this.#make(job, decodePayload(job.payload, this.#deps.destinations.home));
  }

  /** Waits for the acknowledgements of what was sent, and for the box to hear of them. */
  async stop(): Promise<void> {
    // Whoever takes the shard over releases them again.
    this.#lanes.clear();
    if (this.#sending > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    while (this.#telling && !this.#stopped) await this.#telling;
    this.#stopped = true;
  }

  /** Behind what is being read of its key; what can't be sent takes all that follows it in its key back with it. */
  #publishInTurn(job: Job, payload: Payload, here: boolean): void {
    const { content, now } = this.#deps;
    const byReference = job.deadLetter !== null;
    const stored = { unit: job.unit, retryOffset: job.retryOffset, payload };
    const back = (withdrawal: Withdrawal): void => {
      this.#withdrawn.push(withdrawal);
      this.#sent();
      this.#tell();
    };
    this.#sending++;
    const passenger: ReadJob = new ReadJob({
      payload,
      read: here ? null : () => contentOf(stored, content, { byReference }),
      isFront: () => this.#lanes.isFront(job.unit, passenger),
      onChange: () => {
        this.#lanes.advance(job.unit);
      },
      publish: (whole, lease) => {
        if (!here) this.#unread.over('values_go_on', 'messages are read again from Kafka');
        const record = this.#make(job, whole);
        this.#publish(job, record, () => record, { lease });
        this.#sent();
      },
      goesBare: () => {
        if (!byReference) back({ job, notBefore: 0, reason: 'expired' });
        else this.#lost(job);
        return byReference;
      },
      onDelayed: (error) => {
        this.#unread.met(
          { event: 'value_delayed', offset: job.retryOffset, err: error },
          'a message could not be read again from Kafka; trying again, like all others, until it can',
        );
        back({ job, notBefore: now() + PUBLISH_RETRY });
      },
      onLeft: () => {
        back({ job, notBefore: 0 });
      },
    });
    this.#lanes.join(job.unit, passenger);
  }

  #lost(job: Job): void {
    const { logger, onLost } = this.#deps;
    logger.error(
      { event: 'value_gone', offset: job.retryOffset },
      'retention removed a message before it was due: its dead letter has what is known, without the value (raise the retention of the retry topic)',
    );
    onLost(job);
  }

  #sent(): void {
    this.#sending--;
    if (this.#sending === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** `bare`: without the value, which stays where it is. */
  #publish(
    job: Job,
    record: OutgoingRecord,
    make: RecordSource,
    { bare = false, lease = null }: { readonly bare?: boolean; readonly lease?: Lease | null } = {},
  ): void {
    this.#sending++;
    const traced = this.#traced(job, record);
    const source =
      traced === null ? madeAgain(record, make) : madeAgain(traced.stamp(record), () => traced.stamp(make()));
    this.#deps.send(record, source, (result) => {
      traced?.end(result);
      if (result.kind === 'written') this.#noteWritten(job, result.offset, bare);
      else this.#noteRefused(job, make, result);
      lease?.end();
      this.#sent();
      this.#tell();
    });
  }

  #traced(job: Job, record: OutgoingRecord): Departure | null {
    const { tracing, destinations, now } = this.#deps;
    if (tracing === null) return null;
    const { deadLetter, retryOffset, heldSince, dueAt } = job;
    const at = now();
    const about = { route: destinations.route, deadLetter, retryOffset };
    return tracing.departure(record, { ...about, heldMs: at - heldSince, lateMs: at - dueAt });
  }

  #troubleOf(job: Job): Trouble {
    return this.#unpublished[job.deadLetter === null ? 'redelivery' : 'deadLetter'];
  }

  #noteWritten(job: Job, offset: number, bare: boolean): void {
    const { now, onWritten } = this.#deps;
    this.#troubleOf(job).over('publishing_goes_on', 'Kafka takes records again');
    onWritten(job, now() - job.dueAt);
    if (job.deadLetter === null) this.#written.push({ job, offset });
    else if (bare) this.#kept.push(job);
    else this.#buried.push(job);
  }

  #noteRefused(
    job: Job,
    make: RecordSource,
    { kind, error }: Exclude<SendResult, { kind: 'written' }>,
  ): void {
    const { logger, now, onUnpublishable, undeliverableAttempts, destinations } = this.#deps;
    const about = { offset: job.retryOffset, err: error };
    const then = afterRefusal(kind, job.deadLetter === null ? null : { bareable: make().value !== null });
    if (then !== 'again') onUnpublishable(job);
    switch (then) {
      case 'again':
        this.#troubleOf(job).met(
          { event: 'publish_failed', topic: make().topic, ...about },
          'nobody knows whether a record was written; sending it again, like all others, until Kafka takes them',
        );
        this.#withdrawn.push({ job, notBefore: now() + PUBLISH_RETRY });
        break;
      case 'count':
        logger.warn(
          { event: 'redelivery_refused', ...about },
          `Kafka refused this record for its own sake; after ${undeliverableAttempts} times in a row it is undeliverable`,
        );
        this.#withdrawn.push({ job, notBefore: now() + PUBLISH_RETRY, refusals: undeliverableAttempts });
        break;
      case 'undeliverable':
        logger.warn({ event: 'redelivery_too_large', ...about }, 'goes to the dead-letter topic');
        this.#withdrawn.push({ job, notBefore: 0, reason: 'undeliverable' });
        break;
      case 'bare': {
        logger.error(
          { event: 'dead_letter_too_large', ...about },
          'written without its value, which stays in the retry topic; its key is held until an operator deals with it',
        );
        const bare = keptInRetryTopic(make(), job, destinations);
        this.#publish(job, bare, () => bare, { bare: true });
        break;
      }
      case 'wait':
        logger.error(
          { event: 'dead_letter_refused', topic: make().topic, ...about },
          'the dead-letter topic does not take this record in any form; its key waits (let the topic take it, or discard it)',
        );
        this.#withdrawn.push({ job, notBefore: now() + STUCK_RETRY });
    }
  }

  /** One call at a time; what comes meanwhile goes with the next. */
  #tell(): void {
    if (this.#stopped) return;
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = null;
      if (this.#written.length + this.#buried.length + this.#kept.length + this.#withdrawn.length > 0)
        this.#tell();
    });
  }

  async #tellAll(): Promise<void> {
    // The acknowledgements of one request arrive one by one: wait for the rest of this turn of the loop.
    await new Promise(setImmediate);
    const { box, hold } = this.#deps;
    const told = await Promise.all([
      this.#told(this.#written, (written) => box.acknowledge(written)),
      this.#told(this.#buried, (buried) => box.bury(buried, hold)),
      this.#told(this.#kept, (kept) => box.keep(kept)),
      this.#told(this.#withdrawn, (withdrawn) => box.withdraw(withdrawn)),
    ]);
    if (told.includes(false)) await this.#deps.clock.sleep(REDIS_RETRY);
    else this.#trouble.over('acknowledgements_go_on', 'Redis hears of acknowledged redeliveries again');
  }

  /** Tells the box all of one kind. False: Redis did not answer, and they wait for the next time; telling twice is fine. */
  async #told<Item>(
    waiting: Item[],
    call: (items: Item[]) => Promise<OwnerReply<unknown>>,
  ): Promise<boolean> {
    if (waiting.length === 0) return true;
    const { onNextDue, onRefused } = this.#deps;
    const items = waiting.splice(0);
    try {
      const reply = await call(items);
      if (reply.kind !== 'ok') onRefused(refusalOf(reply));
      else if (reply.nextDue !== null) onNextDue(reply.nextDue);
      return true;
    } catch (error) {
      waiting.unshift(...items);
      this.#trouble.met(
        { event: 'acknowledgement_delayed', err: error },
        'Redis did not hear of acknowledged redeliveries; telling it again',
      );
      return false;
    }
  }
}
