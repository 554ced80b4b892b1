import type { Clock } from '../clock.ts';
import type { Unit } from '../domain/unit.ts';
import type { Place } from '../domain/place.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Journal } from '../journal/journal.ts';
import type { Range } from '../kafka/offsets.ts';
import { settled } from '../kafka/send.ts';
import type { Send, SendResult } from '../kafka/send.ts';
import type { Logger } from '../logger.ts';
import type { AgedEntry } from '../penalty-box/entry.ts';
import { accepted, Refused } from '../penalty-box/owner-box.ts';
import type { Findings, OwnerBox, Refusal } from '../penalty-box/owner-box.ts';
import { decodePayload } from '../penalty-box/payload.ts';
import { contentOf, isWhole } from '../redelivery/content.ts';
import type { ContentSources } from '../redelivery/content.ts';
import { Trouble } from '../trouble.ts';
import { copyOf } from './carried-copy.ts';
import type { CopyTo } from './carried-copy.ts';
import { lagging } from './lagging.ts';
import type { CarryPolicy } from './lagging.ts';

interface Deps {
  readonly box: Pick<OwnerBox, 'lagging' | 'carry' | 'unitsByLock' | 'parks' | 'parksTold'>;
  readonly journal: Pick<Journal, 'inTurn' | 'flush'>;
  readonly ingest: Pick<Ingest, 'cursor' | 'reached'>;
  /** Redis has room: the retry partition is read on. */
  readonly reading: () => boolean;
  readonly policy: CarryPolicy;
  readonly to: CopyTo;
  readonly send: Send;
  /** Headers and values that Redis does not hold. */
  readonly content: ContentSources;
  /** Offset of the first retry record that is younger than that (ms). */
  readonly firstYoungerThan: (age: number) => Promise<number>;
  readonly onRefused: (refusal: Refusal) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Copies on their way at a time: their payloads are in memory, and the journal waits for them. */
const BATCH = 50;
/** Copies would be read behind all that lies before them, and the journal be silent until then. */
const BACKLOG = 1_000;
/** Reading may stop while copies are waited for: how soon that is seen, ms. */
const LOOK = 500;
/** Parks are told anew when this much lies behind them, or after this time. */
const PARKS_INTERVAL = 60_000;
/** A value that was left at its origin stays there. */
const BY_REFERENCE = { byReference: true };

/**
 * Keeps old messages alive. A message that waits for long holds the checkpoint back, so that a rebuild has ever more to read,
 * and in the end its record dies of the topic's retention. So its record is appended anew, and its entry rests on the copy
 * as soon as that has been read.
 *
 * While copies are on their way the journal is silent: what it tells lies behind them, and is about them too.
 */
export class CarryForward {
  readonly #deps: Deps;
  readonly #trouble: Trouble;
  #work: Promise<void> | null = null;
  #stopped = false;
  #carriedBefore = 0;
  #agedAskedAt = -Infinity;
  #parksToldAt = -Infinity;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
  }

  /** Looks at what evidence found, and does what is to be done; one thing at a time. Never rejects. */
  async consider(
    findings: Pick<Findings, 'checkpoint' | 'held' | 'heldByParks'>,
    range: Range,
  ): Promise<void> {
    if (this.#work !== null || this.#stopped) return;
    this.#work = this.#act(findings, range)
      .then(() => {
        this.#trouble.over('carry_forward_goes_on', 'old records are appended anew again');
      })
      .catch((error: unknown) => {
        this.#failed(error);
      })
      .finally(() => {
        this.#work = null;
      });
    await this.#work;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  async #act(
    { checkpoint, held, heldByParks }: Pick<Findings, 'checkpoint' | 'held' | 'heldByParks'>,
    { end }: Range,
  ): Promise<void> {
    if (heldByParks) await this.#tellParks(end - checkpoint);
    const before = lagging(
      {
        ...{ checkpoint, end, held, carriedBefore: this.#carriedBefore },
        aged: checkpoint < end && held > 0 ? await this.#aged() : null,
      },
      this.#deps.policy,
    );
    if (before === null || !this.#keepsUp(end)) return;
    const carried = await this.#carry(before);
    this.#carriedBefore = before;
    this.#deps.logger.info(
      { event: 'carried_forward', records: carried, before, checkpoint, end },
      'appended old records anew, so that the checkpoint can move on',
    );
  }

  /** Four times an age is often enough: what is asked for is half of it. */
  async #aged(): Promise<{ whole: number; half: number } | null> {
    const { clock, policy, firstYoungerThan } = this.#deps;
    if (clock.monotonic() - this.#agedAskedAt < policy.age / 4) return null;
    const aged = { whole: await firstYoungerThan(policy.age), half: await firstYoungerThan(policy.age / 2) };
    this.#agedAskedAt = clock.monotonic();
    return aged;
  }

  async #carry(before: number): Promise<number> {
    const ids = await this.#idsBefore(before);
    const units = ids.length > 0 ? await this.#deps.box.unitsByLock() : new Map<number, Unit>();
    const entries = ids.flatMap((id): { unit: Unit; place: Place }[] => {
      const unit = units.get(id.readUIntBE(0, 6));
      return unit === undefined ? [] : [{ unit, place: id.subarray(6) }];
    });
    let carried = 0;
    for (let i = 0; i < entries.length && !this.#stopped && this.#deps.reading(); i += BATCH) {
      carried += await this.#deps.journal.inTurn(() => this.#append(entries.slice(i, i + BATCH), before));
    }
    return carried;
  }

  async #idsBefore(before: number): Promise<Buffer[]> {
    const ids = new Map<string, Buffer>();
    let page = '0';
    do {
      const next = accepted(await this.#deps.box.lagging(before, page), 'lagging');
      // A scan may name an entry twice.
      for (const id of next.ids) ids.set(id.toString('latin1'), id);
      page = next.page;
    } while (page !== '0' && !this.#stopped);
    return [...ids.values()];
  }

  /** What is appended now is read soon. */
  #keepsUp(end: number): boolean {
    const { reading, ingest } = this.#deps;
    return reading() && end - ingest.cursor <= BACKLOG;
  }

  /** Resolves when the copies have been read, or can't be for now. */
  async #append(entries: readonly { unit: Unit; place: Place }[], before: number): Promise<number> {
    const aged = accepted(await this.#deps.box.carry(entries), 'carry').filter(
      ({ retryOffset }) => retryOffset < before,
    );
    const results = await Promise.all(aged.map((entry) => this.#send(entry)));
    let last = -1;
    for (const result of results) {
      if (result.kind === 'unknown') throw result.error;
      if (result.kind === 'written') last = Math.max(last, result.offset);
    }
    await this.#untilRead(last + 1);
    return results.filter(({ kind }) => kind === 'written').length;
  }

  /** A Redis that is full is read into when there is less in it; and the journal, which waits for the copies, is in it. */
  async #untilRead(offset: number): Promise<void> {
    const { ingest, reading, clock } = this.#deps;
    const reached = new AbortController();
    const waiting = ingest.reached(offset).finally(() => {
      reached.abort();
    });
    while (!reached.signal.aborted && reading())
      await Promise.race([waiting, clock.sleep(LOOK, reached.signal).catch(() => undefined)]);
  }

  async #send(entry: AgedEntry): Promise<SendResult | { readonly kind: 'gone' }> {
    const { send, to, content, logger } = this.#deps;
    const payload = decodePayload(entry.payload, to.home);
    const whole = isWhole(payload, BY_REFERENCE)
      ? null
      : await contentOf({ ...entry, payload }, content, BY_REFERENCE);
    // Its dead letter says so when it is due.
    if (whole?.kind === 'gone') return whole;
    const record = copyOf(entry, whole?.payload ?? payload, to);
    const result = await settled(send, record);
    whole?.lease.end();
    if (result.kind === 'too-large')
      logger.error(
        { event: 'carry_forward_too_large', offset: entry.retryOffset, err: result.error },
        'the retry topic does not take a copy of this record: raise its max.message.bytes; it dies with retention',
      );
    return result;
  }

  /** What tells of parked keys is told once more; then the checkpoint may pass what told of them before. */
  async #tellParks(distance: number): Promise<void> {
    const { box, journal, ingest, clock, policy } = this.#deps;
    const often = clock.monotonic() - this.#parksToldAt < PARKS_INTERVAL;
    if (often && distance < policy.distance / 4) return;
    const from = ingest.cursor;
    let page = '0';
    do page = accepted(await box.parks(page), 'parks');
    while (page !== '0');
    if (!(await journal.flush())) return;
    accepted(await box.parksTold(from), 'parks');
    this.#parksToldAt = clock.monotonic();
  }

  #failed(error: unknown): void {
    if (error instanceof Refused) {
      this.#deps.onRefused(error.refusal);
      return;
    }
    this.#trouble.met(
      { event: 'carry_forward_delayed', err: error },
      'old records could not be appended anew; trying again',
    );
  }
}
