import { aloneHeaders } from './alone-headers.ts';
import type { ClaimState } from './claim-state.ts';
import type { GateClock } from './clock.ts';
import type { AdmissionItem, GivenHeaders, OutcomeItem, Result, Verdict } from './contract.ts';
import type { DescribedError } from './describe-error.ts';
import type { AloneCounts, OnEvent } from './events.ts';
import type { KeptOutcomes } from './kept-outcomes.ts';
import { wireKeyId } from './keys.ts';
import { Patience } from './patience.ts';

export interface GoingAloneDeps {
  route: string;
  topic: string;
  state: ClaimState;
  kept: KeptOutcomes;
  clock: GateClock;
  emit: OnEvent;
  patienceMs: number;
  /** The last poll is too long ago: the partition may be somebody else's. */
  pollTooOld: () => boolean;
  /** Whether anything waits for an answer. */
  waiting: () => boolean;
  /** Gives up the call that is under way. */
  giveUp: () => void;
  /** Has all that waits answered from here. */
  answerWaiting: () => void;
}

/** Beyond this many records that Kafka has not acknowledged, the others wait: all of them go into the next claim. */
const MOST_OUTSTANDING = 5_000;

/**
 * Answers in place of the service, once it has been silent for too long. Only the claimant locks keys of its partition,
 * and it knows which are locked: so it can tell what has to wait behind what, and puts all of that into the retry topic.
 *
 * It ends with a claim. What was published here has to be in the box when that claim's list is made, or to be announced
 * by the claim itself: so a claim counts only if nothing was decided here since it was sent. If something was, the next
 * one follows at once, and meanwhile nothing is decided, for as long as patience lasts.
 */
export class GoingAlone {
  readonly #deps: GoingAloneDeps;
  readonly #patience: Patience;
  #since = 0;
  #counts: AloneCounts = noCounts();
  /** How much was decided here so far, and when the last claim was sent. */
  #decided = 0;
  #decidedBefore = 0;
  #superseded = false;
  #holding = false;

  constructor(deps: GoingAloneDeps) {
    this.#deps = deps;
    this.#patience = new Patience(deps.clock, deps.patienceMs, () => {
      this.#lostPatience();
    });
  }

  /** Something waits for an answer: it is answered here, or the time begins to count. */
  waits(): void {
    if (this.#answers()) this.#deps.answerWaiting();
    if (this.#deps.waiting()) this.#patience.begin();
  }

  /** The service has answered. */
  answered(): void {
    this.#patience.end();
    this.waits();
  }

  /** A claim is about to be sent. */
  claiming(): void {
    this.#holding = this.#superseded;
    this.#superseded = false;
    this.#decidedBefore = this.#decided;
  }

  /** The claim was answered. False: something was decided here since it was sent, so it does not count. */
  claimed(): boolean {
    this.#superseded = this.#decided !== this.#decidedBefore;
    return !this.#superseded;
  }

  /** There is a claim again, and it counts. */
  over(): void {
    this.#holding = false;
    const { emit, state, clock } = this.#deps;
    const forMs = clock.now() - this.#since;
    emit({ type: 'with-service-again', partition: state.partition, forMs, ...this.#counts });
  }

  /** There is none: what was held back for it is answered here again. */
  notClaimed(): void {
    this.#holding = false;
    this.waits();
  }

  admission(item: AdmissionItem): Verdict {
    const { state } = this.#deps;
    if (item.delivery !== undefined) {
      this.#counts.passedOver += 1;
      state.keys.addWire(item);
      return { verdict: 'skip' };
    }
    const given = state.outstanding.headersOf(item.offset);
    if (given !== undefined) return { verdict: 'redirect', headers: given };
    const key = wireKeyId(item);
    if (!state.keys.lists(key, item.offset)) return { verdict: 'process' };
    this.#counts.behind += 1;
    return { verdict: 'redirect', headers: this.#decide(item.offset, undefined) };
  }

  outcome(item: OutcomeItem): Result {
    const { state, kept } = this.#deps;
    if (item.delivery !== undefined) {
      this.#counts.unreported += 1;
      state.keys.addWire(item);
      kept.add(item);
      return { result: 'kept' };
    }
    const given = state.outstanding.headersOf(item.offset);
    if (given !== undefined) return { result: 'redirect', headers: given };
    this.#counts.failed += 1;
    return { result: 'redirect', headers: this.#decide(item.offset, item.error) };
  }

  close(): void {
    this.#patience.end();
  }

  #decide(offset: number, error: DescribedError | undefined): GivenHeaders {
    const { route, topic, state } = this.#deps;
    this.#decided += 1;
    const origin = { topic, partition: state.partition, offset };
    return aloneHeaders(route, state.ticket?.claimEpoch ?? '', origin, error);
  }

  #answers(): boolean {
    const { state, pollTooOld } = this.#deps;
    return state.alone && !this.#holding && state.outstanding.size < MOST_OUTSTANDING && !pollTooOld();
  }

  #lostPatience(): void {
    const { state, emit, giveUp, clock, waiting, pollTooOld } = this.#deps;
    if (!waiting()) return;
    if (!pollTooOld()) {
      this.#holding = false;
      if (state.goAlone()) {
        this.#since = clock.now();
        this.#counts = noCounts();
        const { keys, partition } = state;
        emit({ type: 'going-alone', partition, listedKeys: keys.size, complete: keys.complete });
        giveUp();
      }
    }
    this.waits();
  }
}

function noCounts(): AloneCounts {
  return { failed: 0, behind: 0, passedOver: 0, unreported: 0 };
}
