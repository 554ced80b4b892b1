import type { Clock } from '../clock.ts';
import type { DeadLetterReason } from '../domain/outgoing-headers.ts';
import type { Origin } from '../domain/record.ts';
import type { OriginValue } from '../kafka/origin-reader.ts';
import { madeAgain } from '../kafka/send.ts';
import type { OutgoingRecord, RecordSource, Send, SendResult } from '../kafka/send.ts';
import type { Logger } from '../logger.ts';
import type { Job } from '../penalty-box/entry.ts';
import { refusalOf } from '../penalty-box/owner-box.ts';
import type { OwnerBox, OwnerReply, Refusal } from '../penalty-box/owner-box.ts';
import { Trouble } from '../trouble.ts';
import { recordOf, withoutValue } from './outgoing-record.ts';
import type { Destinations, Outgoing } from './outgoing-record.ts';

interface Deps {
  readonly box: OwnerBox;
  readonly destinations: Destinations;
  readonly hold: boolean;
  readonly send: Send;
  readonly readOrigin: (origin: Origin) => Promise<OriginValue>;
  /** On Redis' clock, epoch ms. */
  readonly now: () => number;
  /** Kafka has acknowledged it, this long after it was due (ms). */
  readonly onWritten: (job: Job, latenessMs: number) => void;
  /** The box says when the shard's earliest head is due now. */
  readonly onNextDue: (at: number) => void;
  readonly onRefused: (refusal: Refusal) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Withdrawal {
  readonly job: Job;
  readonly notBefore: number;
  readonly reason?: DeadLetterReason;
}

/** A publish that Kafka did not take is tried again after this. */
const PUBLISH_RETRY = 1_000;
const REDIS_RETRY = 200;
const UNREADABLE_RETRY = 60_000;

/** Sends what the scheduler released, in its order, and tells the box what Kafka acknowledged: many in one call. */
export class Redelivery {
  readonly #deps: Deps;
  readonly #trouble: Trouble;
  /** A topic that is away is told once, not for each message once a second. */
  readonly #unpublished: { readonly redelivery: Trouble; readonly deadLetter: Trouble };
  readonly #written: { job: Job; offset: number }[] = [];
  readonly #buried: Job[] = [];
  readonly #withdrawn: Withdrawal[] = [];
  #telling: Promise<void> | null = null;
  #sending = 0;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
    this.#unpublished = { redelivery: new Trouble(deps.logger), deadLetter: new Trouble(deps.logger) };
  }

  send(jobs: readonly Job[]): void {
    for (const job of jobs) {
      const outgoing = this.#recordOf(job);
      if (outgoing === null) continue;
      const { record, valueAt } = outgoing;
      if (valueAt === null) this.#publish(job, record, () => this.#make(job).record);
      else void this.#publishFrom(job, record, valueAt);
    }
  }

  /** Null, and tried again later, where Redis holds something that is no payload of ours. */
  #recordOf(job: Job): Outgoing | null {
    const { logger, now } = this.#deps;
    try {
      return this.#make(job);
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

  #make(job: Job): Outgoing {
    return recordOf(job, this.#deps.destinations, this.#deps.now());
  }

  /** Waits for the acknowledgements of what was sent, and for the box to hear of them. */
  async stop(): Promise<void> {
    if (this.#sending > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    while (this.#telling && !this.#stopped) await this.#telling;
    this.#stopped = true;
  }

  /** What follows it in its key may be sent before it: the gate's turn check turns that away, and it comes again. */
  async #publishFrom(job: Job, record: OutgoingRecord, origin: Origin): Promise<void> {
    const { readOrigin, logger, now } = this.#deps;
    this.#sending++;
    try {
      const found = await readOrigin(origin);
      if (found.kind === 'read') {
        const whole = { ...record, value: found.value };
        this.#publish(job, whole, () => whole);
      } else {
        logger.error(
          { event: 'value_gone', offset: job.retryOffset },
          'retention removed the value at its origin',
        );
        this.#withdrawn.push({ job, notBefore: 0, reason: 'expired' });
      }
    } catch (error) {
      logger.warn(
        { event: 'value_delayed', offset: job.retryOffset, err: error },
        'the value could not be read at its origin',
      );
      this.#withdrawn.push({ job, notBefore: now() + PUBLISH_RETRY });
    }
    this.#sent();
    this.#tell();
  }

  #sent(): void {
    this.#sending--;
    if (this.#sending === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #publish(job: Job, record: OutgoingRecord, make: RecordSource): void {
    this.#sending++;
    this.#deps.send(record, madeAgain(record, make), (result) => {
      this.#settle(job, make, result);
      this.#sent();
    });
  }

  #settle(job: Job, make: RecordSource, result: SendResult): void {
    const { logger, now, onWritten } = this.#deps;
    const unpublished = this.#unpublished[job.deadLetter === null ? 'redelivery' : 'deadLetter'];
    if (result.kind === 'written') {
      unpublished.over('publishing_goes_on', 'Kafka takes records again');
      onWritten(job, now() - job.dueAt);
      if (job.deadLetter === null) this.#written.push({ job, offset: result.offset });
      else this.#buried.push(job);
    } else if (result.kind === 'too-large' && job.deadLetter === null) {
      logger.warn(
        { event: 'redelivery_too_large', offset: job.retryOffset, err: result.error },
        'goes to the dead-letter topic',
      );
      this.#withdrawn.push({ job, notBefore: 0, reason: 'undeliverable' });
    } else if (result.kind === 'too-large' && make().value !== null) {
      logger.warn(
        { event: 'dead_letter_too_large', offset: job.retryOffset, err: result.error },
        'written without its value',
      );
      const bare = withoutValue(make());
      this.#publish(job, bare, () => bare);
      return;
    } else {
      unpublished.met(
        { event: 'publish_failed', topic: make().topic, offset: job.retryOffset, err: result.error },
        'nobody knows whether a record was written; sending it again, like all others, until Kafka takes them',
      );
      this.#withdrawn.push({ job, notBefore: now() + PUBLISH_RETRY });
    }
    this.#tell();
  }

  /** One call at a time; what comes meanwhile goes with the next. */
  #tell(): void {
    if (this.#stopped) return;
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = null;
      if (this.#written.length + this.#buried.length + this.#withdrawn.length > 0) this.#tell();
    });
  }

  async #tellAll(): Promise<void> {
    // The acknowledgements of one request arrive one by one: wait for the rest of this turn of the loop.
    await new Promise(setImmediate);
    const { box, hold } = this.#deps;
    const told = await Promise.all([
      this.#told(this.#written, (written) => box.acknowledge(written)),
      this.#told(this.#buried, (buried) => box.bury(buried, hold)),
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
