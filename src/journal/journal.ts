import type { Clock, Timer } from '../clock.ts';
import type { Component } from '../component.ts';
import { encodeJournal, journalHeaders } from '../domain/journal-record.ts';
import { settled } from '../kafka/send.ts';
import type { Send } from '../kafka/send.ts';
import type { Logger } from '../logger.ts';
import { refusalOf } from '../penalty-box/owner-box.ts';
import type { Noted, OwnerBox, Refusal } from '../penalty-box/owner-box.ts';
import { Trouble } from '../trouble.ts';

interface Deps {
  readonly box: Pick<OwnerBox, 'journal' | 'ownerEpoch'>;
  readonly retryTopic: string;
  readonly partition: number;
  /** Outcomes are in Kafka this soon, ms. */
  readonly interval: number;
  readonly send: Send;
  readonly onRefused: (refusal: Refusal) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const BATCH = 500;
/** Less than the 64 KiB that a retry topic takes beyond the largest message of the main topic. */
const RECORD_BYTES = 48 * 1024;
/** Readiness names a journal that is this many intervals behind. */
const LATE = 10;

/**
 * Box → retry partition: what has happened to entries after they were appended, so that a rebuild need not do it again.
 * What Kafka has not acknowledged stays noted in the box, also for the next owner.
 */
export class Journal implements Component {
  readonly #deps: Deps;
  readonly #trouble: Trouble;
  #timer: Timer | null = null;
  /** The last of what is done, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #written: Noted[] = [];
  #toldAt: number;
  #stopped = true;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
    this.#toldAt = deps.clock.monotonic();
  }

  /** An owner's first act: from here on, what an owner before it still writes is ignored by rebuilds. */
  async open(): Promise<void> {
    await this.#append([]);
  }

  start(): Promise<void> {
    this.#stopped = false;
    this.#toldAt = this.#deps.clock.monotonic();
    this.#schedule();
    return Promise.resolve();
  }

  /** Tells what is left, once. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.cancel();
    await this.inTurn(() => this.#tell());
  }

  /** Runs it while nothing is being told. */
  inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(task);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Tells all that is noted by now. False: Kafka or Redis did not take it. */
  flush(): Promise<boolean> {
    return this.inTurn(() => this.#tell());
  }

  /** Kafka has not heard of outcomes for longer than ten intervals. */
  get late(): boolean {
    return !this.#stopped && this.#deps.clock.monotonic() - this.#toldAt > LATE * this.#deps.interval;
  }

  /** Twice in an interval, from begin to begin: what is noted just after a round has the next one's time as well. */
  #schedule(spent = 0): void {
    if (this.#stopped) return;
    const { clock, interval } = this.#deps;
    this.#timer = clock.after(Math.max(0, interval / 2 - spent), () => {
      const begun = clock.monotonic();
      void this.inTurn(() => this.#tell()).finally(() => {
        this.#schedule(clock.monotonic() - begun);
      });
    });
  }

  /** Until the box has nothing more to tell. */
  async #tell(): Promise<boolean> {
    const { box, onRefused, clock } = this.#deps;
    try {
      for (;;) {
        const written = this.#written;
        const reply = await box.journal(BATCH, written);
        if (reply.kind !== 'ok') {
          this.#stopped = true;
          onRefused(refusalOf(reply));
          return false;
        }
        this.#written = [];
        const { left, noted } = reply.value;
        for (const run of inRecords(noted)) {
          await this.#append(run.map(({ item }) => item));
          this.#written.push(...run);
        }
        this.#trouble.over('journal_goes_on', 'outcomes are written to Kafka again');
        if (noted.length === 0 || (left <= noted.length && !this.#stopped)) break;
      }
      this.#toldAt = clock.monotonic();
      return true;
    } catch (error) {
      this.#trouble.met(
        { event: 'journal_delayed', err: error },
        'outcomes could not be written to Kafka; if Redis lost its data now, they would happen again',
      );
      return false;
    }
  }

  async #append(items: readonly Buffer[]): Promise<void> {
    const { box, retryTopic: topic, partition, send, logger } = this.#deps;
    const headers = journalHeaders(box.ownerEpoch);
    const record = { topic, partition, key: null, value: encodeJournal(items), headers };
    const result = await settled(send, record);
    if (result.kind === 'unknown') throw result.error;
    if (result.kind === 'written') return;
    // What follows must not wait for ever behind it.
    if (items.length > 1) for (const item of items) await this.#append([item]);
    else
      logger.error(
        { event: 'journal_too_large', bytes: record.value.length, err: result.error },
        'the retry topic does not take an outcome: raise its max.message.bytes; if Redis loses its data it happens again',
      );
  }
}

function* inRecords(noted: readonly Noted[]): Generator<Noted[]> {
  let run: Noted[] = [];
  let size = 0;
  for (const one of noted) {
    if (run.length > 0 && size + one.item.length > RECORD_BYTES) {
      yield run;
      [run, size] = [[], 0];
    }
    run.push(one);
    size += one.item.length + 4;
  }
  if (run.length > 0) yield run;
}
