import { Backoff } from './backoff.ts';
import { Block } from './block.ts';
import { CallQueue, type AskMany } from './call-queue.ts';
import type { Settled } from './call-lane.ts';
import { ClaimState, type ClaimEnd } from './claim-state.ts';
import { Claimer, type Ownership } from './claimer.ts';
import { sleep, type GateClock } from './clock.ts';
import type { AdmissionItem, OutcomeItem, RenewalAnswer, Result, Verdict } from './contract.ts';
import type { OnEvent } from './events.ts';
import { GoingAlone } from './going-alone.ts';
import type { RecordHeaders } from './record.ts';
import { hasDelivery } from './headers.ts';
import { KeptOutcomes } from './kept-outcomes.ts';
import type { RecordKey, WireKey } from './keys.ts';
import type { PollAge } from './poll-age.ts';
import type { RenewalItem, RetryService } from './service.ts';
import type { Task } from './task.ts';

const READY = Promise.resolve(true);
/** What is said of a partition that is given up fits into one request. */
const MAX_LATE = 1_000;

export interface SessionListener {
  claimEnded(): void;
  /** These keys were unlocked otherwise than by this consumer's outcomes. */
  unlocked(keys: readonly WireKey[]): void;
}

export interface SessionDeps {
  route: string;
  topic: string;
  service: RetryService;
  ownership: Ownership;
  clock: GateClock;
  random: () => number;
  emit: OnEvent;
  retry: { initialMs: number; maxMs: number };
  pollAge: PollAge;
  patienceMs: number;
}

/**
 * One partition for the time of one assignment: its claim, its list of keys, and its calls, which go one after another.
 *
 * Section 11 of the protocol (going on alone) is a phase of the claim state, and `GoingAlone`, which answers in place of
 * the service; section 12 (hold at the tail) a verdict, and `Holding` in the key lanes.
 */
export class PartitionSession {
  readonly partition: number;
  readonly #deps: SessionDeps;
  readonly #closing = new AbortController();
  readonly #state: ClaimState;
  readonly #claimer: Claimer;
  readonly #queue: CallQueue;
  readonly #alone: GoingAlone;
  readonly #kept = new KeptOutcomes();
  readonly #keptBackoff: Backoff;
  readonly #admitFresh: AskMany<AdmissionItem, Verdict>;
  readonly #admitRedelivered: AskMany<AdmissionItem, Verdict>;
  readonly #reportFresh: AskMany<OutcomeItem, Result>;
  readonly #reportRedelivered: AskMany<OutcomeItem, Result>;
  /** What the circuit breaker keeps back. */
  readonly block: Block;
  #listener: SessionListener | undefined;

  constructor(partition: number, deps: SessionDeps) {
    this.partition = partition;
    this.#deps = deps;
    const { clock, emit, random, retry, service, ownership, pollAge } = deps;
    const { route, topic, patienceMs } = deps;
    const { signal } = this.#closing;
    this.block = new Block(clock, signal);
    this.#state = new ClaimState(partition, emit);
    this.#alone = new GoingAlone({
      ...{ route, topic, patienceMs, clock, emit, state: this.#state, kept: this.#kept },
      pollTooOld: () => pollAge.tooOld(),
      waiting: () => this.#queue.waiting,
      giveUp: () => {
        this.#queue.giveUp();
      },
      answerWaiting: () => {
        this.#queue.answerAlone();
      },
    });
    this.#keptBackoff = new Backoff({ ...retry, random });
    this.#claimer = new Claimer({
      ...{ state: this.#state, service, ownership, clock, emit, signal, alone: this.#alone },
      backoff: new Backoff({ ...retry, random }),
    });
    this.#queue = new CallQueue({
      ...{ partition, clock, emit, signal },
      backoff: new Backoff({ ...retry, random }),
      ready: () => (this.#state.held && this.#kept.size === 0 ? READY : this.#prepare()),
      fenced: () => {
        this.#state.end('fenced');
      },
      waits: () => {
        this.#alone.waits();
      },
      answered: () => {
        this.#alone.answered();
      },
      alone: () => this.#state.alone,
    });
    this.#admitFresh = this.#admissionLane(true);
    this.#admitRedelivered = this.#admissionLane(false);
    this.#reportFresh = this.#outcomeLane(true);
    this.#reportRedelivered = this.#outcomeLane(false);
  }

  /** Who keeps records back because of an answer hears when it may no longer hold. */
  tell(listener: SessionListener): void {
    this.#listener = listener;
    // Not in the middle of an answer, of which others have not heard yet.
    this.#state.ended = () => {
      queueMicrotask(() => {
        listener.claimEnded();
      });
    };
  }

  /** Obtains the claim. */
  start(): void {
    this.#queue.wake();
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  get claimNumber(): number {
    return this.#state.number;
  }

  /** Whether a verdict that was given under the claim of this number still holds. */
  holds(claimNumber: number): boolean {
    return this.#state.decisive && this.#state.number === claimNumber;
  }

  /** Whether a record may be handled without asking. The normal case; no call, no promise, no allocation with an empty list. */
  passes(key: RecordKey, headers: RecordHeaders | null | undefined, offset: number): boolean {
    return this.#state.flowing && !hasDelivery(headers) && !this.#state.keys.mustAsk(key, offset);
  }

  /** Asks about records of one key, all fresh or all redelivered. `mayHold`: whether there is room to hold them. */
  admit(tasks: readonly Task[], mayHold: (task: Task) => boolean): Promise<Settled<Verdict>> {
    const lane = tasks[0]?.delivery === undefined ? this.#admitFresh : this.#admitRedelivered;
    const bytes = tasks.reduce((sum, task) => sum + task.requestBytes, 0);
    return lane(
      tasks.map((task) => task.admission(mayHold(task))),
      bytes,
      (verdicts) => {
        verdicts.forEach((verdict, index) => {
          const task = tasks[index];
          if (task !== undefined) this.#note(task, verdict);
        });
      },
    );
  }

  /** Reports an outcome, and repeats that until it is answered. */
  async report(task: Task, error: OutcomeItem['error']): Promise<Settled<Result>> {
    const item = task.outcome(error);
    const apply = (results: readonly Result[]): void => {
      for (const result of results) this.#noteResult(task, item, result);
    };
    if (task.delivery === undefined) return this.#reportFresh([item], task.requestBytes + 2048, apply);
    const settled = await this.#reportRedelivered([item], task.requestBytes + 2048, apply);
    return settled === 'closed' ? this.#reportLate(item) : settled;
  }

  /** Kafka has acknowledged it. */
  published(task: Task): void {
    this.#state.outstanding.settle(task.record.offset);
  }

  /** Lets a renewal take its turn among the calls; `undefined` where a call is under way or there is no claim. */
  tryRenew(): { item: RenewalItem; release: () => void } | undefined {
    const release = this.#state.held ? this.#queue.tryLock() : undefined;
    const item = this.#renewal();
    if (release === undefined || item === undefined) return undefined;
    return { item, release };
  }

  /** The same for a partition that is never idle: after the call that is under way. */
  async renewNext(): Promise<{ item: RenewalItem; release: () => void } | undefined> {
    const release = await this.#queue.lock();
    const item = this.#state.held ? this.#renewal() : undefined;
    if (item !== undefined) return { item, release };
    release();
    return undefined;
  }

  renewed(answer: RenewalAnswer): void {
    if (this.closed) return;
    if (answer.status !== 'held') {
      this.#end(answer.status);
      return;
    }
    // Gone alone meanwhile: what is on the list now, this answer knows nothing of.
    if (!this.#state.held) return;
    this.#claimer.useful();
    this.#state.renewed(answer);
    if (answer.unlockedKeys.length > 0) this.#listener?.unlocked(answer.unlockedKeys);
  }

  /** Gives the partition up: nothing more is asked, whatever waits is dropped. */
  close(): void {
    if (this.closed) return;
    this.#state.close();
    this.#alone.close();
    this.#closing.abort();
    this.#queue.close();
    void this.#tellLate();
  }

  /** Before any other call: a claim, and under it what was kept. */
  async #prepare(): Promise<boolean> {
    while (await this.#claimer.obtain()) {
      const telling = await this.#kept.tell((items) =>
        this.#deps.service.report(this.partition, this.#ticket(), items, this.#closing.signal),
      );
      if (telling === 'told') {
        this.#keptBackoff.reset();
        return true;
      }
      if (telling === 'wait' || telling === 'fenced') this.#state.end(telling);
      else await sleep(this.#deps.clock, this.#keptBackoff.next(telling.againInMs), this.#closing.signal);
    }
    return false;
  }

  /** The partition is gone, the facts remain. Said once; what nobody hears is delivered once more. */
  async #tellLate(): Promise<void> {
    const { ticket } = this.#state;
    const items = this.#kept.drain();
    if (ticket !== undefined && items.length > 0)
      await this.#deps.service.report(this.partition, ticket, items.slice(0, MAX_LATE));
  }

  #admissionLane(fresh: boolean): AskMany<AdmissionItem, Verdict> {
    return this.#queue.lane<AdmissionItem, Verdict>({
      name: 'admissions',
      fresh,
      post: (items, signal) =>
        this.#deps.service.admit(
          this.partition,
          this.#ticket(),
          items,
          AbortSignal.any([this.#closing.signal, signal]),
        ),
      alone: (item) => this.#alone.admission(item),
    });
  }

  #outcomeLane(fresh: boolean): AskMany<OutcomeItem, Result> {
    return this.#queue.lane<OutcomeItem, Result>({
      name: 'outcomes',
      fresh,
      // Not given up with the partition: once answered, the message is not handled again by anybody.
      post: (items, signal) =>
        this.#deps.service.report(
          this.partition,
          this.#ticket(),
          items,
          fresh ? AbortSignal.any([this.#closing.signal, signal]) : signal,
        ),
      alone: (item) => this.#alone.outcome(item),
    });
  }

  #note(task: Task, verdict: Verdict): void {
    const { keys, outstanding } = this.#state;
    const { record } = task;
    if (verdict.verdict === 'wait') {
      this.#end('wait');
      return;
    }
    if (this.#state.held) this.#claimer.useful();
    // What is held is neither announced nor decided.
    if (task.delivery !== undefined || verdict.verdict === 'hold') return;
    if (verdict.verdict === 'redirect') {
      keys.add(record.key, record.offset);
      outstanding.add(record, verdict.headers, undefined);
      return;
    }
    outstanding.settle(record.offset);
    if (verdict.verdict === 'process') keys.remove(record.key);
  }

  #noteResult(task: Task, item: OutcomeItem, result: Result): void {
    const { keys, outstanding } = this.#state;
    const { record } = task;
    switch (result.result) {
      case 'wait':
        this.#end('wait');
        return;
      case 'redirect':
        outstanding.add(record, result.headers, item.error);
        keys.add(record.key, task.originOffset);
        break;
      case 'block':
        this.block.begin(result.retryAfterMs);
        this.#deps.emit({
          type: 'blocked',
          partition: this.partition,
          retryAfterMs: result.retryAfterMs,
        });
        break;
      case 'stale':
      case 'recorded':
      case 'deadLettered':
        // The key is locked, or known: either way it has to be asked about.
        keys.add(record.key, task.originOffset);
        break;
      case 'done':
      case 'kept':
        break;
    }
    if (this.#state.held) this.#claimer.useful();
  }

  #end(reason: ClaimEnd): void {
    this.#state.end(reason);
    this.#queue.wake();
  }

  /** The partition is gone, the fact remains. Said once; if nobody hears it, the message is delivered once more. */
  async #reportLate(item: OutcomeItem): Promise<Settled<Result>> {
    const { ticket } = this.#state;
    if (ticket === undefined) return 'closed';
    const answer = await this.#deps.service.report(this.partition, ticket, [item]);
    const late = answer.kind === 'ok' ? answer.body : [];
    return late.some((result) => result.result !== 'wait') ? late : 'closed';
  }

  #renewal(): RenewalItem | undefined {
    const { ticket, seen, outstanding } = this.#state;
    if (ticket === undefined) return undefined;
    const waiting = outstanding.size === 0 ? {} : { outstanding: outstanding.list() };
    return { partition: this.partition, ...ticket, seen, ...waiting };
  }

  #ticket(): { claimEpoch: string; incarnation: string } {
    return this.#state.ticket ?? { claimEpoch: '', incarnation: '' };
  }
}
