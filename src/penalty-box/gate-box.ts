import { delayTable } from '../domain/backoff.ts';
import type { BackoffPolicy } from '../domain/backoff.ts';
import type { DeliveryToken } from '../domain/delivery-token.ts';
import type { Unit } from '../domain/unit.ts';
import type { Argument, Reply } from '../redis/define-script.ts';
import type { BoxScripts } from './box-scripts.ts';
import { bytes, int, list, text } from './scripts.ts';

/** Why a handler failed. */
export interface Failure {
  readonly errorClass: string;
  readonly errorMessage: string;
  readonly fatal: boolean;
  /** ms, 0 = none. */
  readonly retryAfter: number;
}

/** A record that a consumer was told to redirect and that Kafka has not acknowledged to it. */
export interface Outstanding {
  readonly unit: Unit;
  readonly origin: number;
  readonly attempt: number;
  readonly failure: Failure | null;
}

/** The record that a gate asks or tells about. `token: null` = fresh. */
export interface GateRecord {
  readonly unit: Unit;
  readonly origin: number;
  /** `unreadable` = it has a delivery header that this service never wrote. */
  readonly token: DeliveryToken | null | 'unreadable';
  /** false: the claimant can't hold it (any longer). Only claims that can hold at all are answered `hold`. */
  readonly mayHold?: boolean;
}

export interface GateOutcome extends GateRecord {
  /** null = succeeded. */
  readonly failure: Failure | null;
}

/** Publish it to the retry topic, with the headers of this announcement. */
export interface Redirect {
  readonly kind: 'redirect';
  readonly attempt: number;
  readonly errorClass: string;
  readonly errorMessage: string;
  readonly fatal: boolean;
  readonly claim: string;
  /** Epoch ms, 0 = none. */
  readonly notBefore: number;
}

export type Verdict = Redirect | { readonly kind: 'process' | 'skip' | 'hold' };

export type OutcomeResult =
  | Redirect
  | { readonly kind: 'stale' | 'deadLettered' }
  | { readonly kind: 'block'; readonly retryAfterMs: number }
  | { readonly kind: 'recorded'; readonly attempt: number; readonly nextAttemptAt: number }
  | { readonly kind: 'done'; readonly unlocked: boolean };

export interface ClaimRequest {
  readonly consumerId: string;
  readonly generation: number | null;
  readonly call: number | null;
  /** End of the retry partition, observed when the call arrived. */
  readonly end: number;
  /** Whether it keeps records with the verdict `hold`. */
  readonly canHold: boolean;
  /** The group's committed offset where redeliveries go, -1 = none. */
  readonly committed: number;
  readonly outstanding: readonly Outstanding[];
}

export interface Claim {
  readonly claimEpoch: string;
  readonly incarnation: string;
  readonly complete: boolean;
  readonly nullKeyUpTo: number;
  readonly seen: number;
  /** Where the record lies that the claim before may have died of, -1 = none. */
  readonly unansweredOffset: number;
  readonly lockedKeys: readonly Buffer[];
}

export interface RenewalRequest {
  readonly claimEpoch: string;
  readonly incarnation: string;
  readonly seen: number;
  readonly outstanding: readonly Outstanding[];
}

export interface Renewal {
  readonly status: 'held' | 'fenced' | 'claim-again';
  readonly seen: number;
  readonly lockedKeys: readonly Buffer[];
  readonly unlockedKeys: readonly Buffer[];
}

/** `refused` where the whole call was. */
export type GateReply<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly refused: 'NOT_READY' | 'FENCED' | 'BEHIND' };

export interface GatePolicy {
  readonly backoff: BackoffPolicy;
  readonly maxAttempts: number;
  readonly maxAge: number | null;
  readonly claimTtl: number;
  readonly gateListLimit: number;
}

/** New failures are refused for now. */
export interface Blocking {
  /** When to try such a record again, ms. */
  readonly retryAfterMs: number;
  /** Where no key of the partition is locked, one failure is taken all the same, and becomes a probe. */
  readonly takesOne: boolean;
}

interface Deps {
  readonly scripts: BoxScripts;
  readonly policy: GatePolicy;
  readonly random: () => number;
  /** Null: new failures are taken. */
  readonly blocking?: (partition: number) => Blocking | null;
  readonly onOutcomes?: (
    partition: number,
    outcomes: readonly GateOutcome[],
    results: readonly OutcomeResult[],
  ) => void;
  readonly onVerdicts?: (
    partition: number,
    records: readonly GateRecord[],
    verdicts: readonly Verdict[],
  ) => void;
}

/** The box as a consumer's gate sees it: claims, admissions, outcomes. Any replica may call it. */
export class GateBox {
  readonly #scripts: BoxScripts;
  readonly #policy: GatePolicy;
  readonly #random: () => number;
  readonly #delays: string;
  readonly #blocking: (partition: number) => Blocking | null;
  readonly #heard: Pick<Deps, 'onOutcomes' | 'onVerdicts'>;

  constructor({ scripts, policy, random, blocking = () => null, ...heard }: Deps) {
    this.#scripts = scripts;
    this.#policy = policy;
    this.#random = random;
    this.#blocking = blocking;
    this.#heard = heard;
    this.#delays = delayTable(policy.backoff, policy.maxAttempts).join(',');
  }

  async claim(partition: number, request: ClaimRequest): Promise<GateReply<Claim>> {
    const reply = await this.#scripts.run(partition, 'claim', [
      request.consumerId,
      request.generation ?? '',
      request.call ?? '',
      this.#policy.claimTtl,
      request.end,
      request.committed,
      this.#policy.gateListLimit,
      request.canHold ? 1 : 0,
      ...inOrder(request.outstanding).flatMap(outstandingArgs),
    ]);
    return answered(reply, (result) => ({
      claimEpoch: text(result[0]),
      incarnation: text(result[1]),
      complete: int(result[2]) === 1,
      nullKeyUpTo: int(result[3]),
      seen: int(result[4]),
      unansweredOffset: int(result[5]),
      lockedKeys: result.slice(6).map(bytes),
    }));
  }

  async renew(partition: number, request: RenewalRequest): Promise<GateReply<Renewal>> {
    const reply = await this.#scripts.run(partition, 'renew', [
      request.claimEpoch,
      request.incarnation,
      request.seen,
      ...inOrder(request.outstanding).flatMap(outstandingArgs),
    ]);
    return answered(reply, (result) => {
      const keys = result.slice(3).map(bytes);
      const locked = int(result[2]);
      return {
        status: text(result[0]) as Renewal['status'],
        seen: int(result[1]),
        lockedKeys: keys.slice(0, locked),
        unlockedKeys: keys.slice(locked),
      };
    });
  }

  async admit(
    partition: number,
    claimEpoch: string,
    incarnation: string,
    records: readonly GateRecord[],
  ): Promise<GateReply<Verdict[]>> {
    const reply = await this.#scripts.run(partition, 'admit', [
      claimEpoch,
      incarnation,
      ...records.flatMap((record): Argument[] => [...recordArgs(record), record.mayHold === false ? 0 : 1]),
    ]);
    const verdicts = answered(reply, (result) => result.map(readVerdict));
    if (verdicts.ok) this.#heard.onVerdicts?.(partition, records, verdicts.value);
    return verdicts;
  }

  async outcomes(
    partition: number,
    claimEpoch: string,
    incarnation: string,
    outcomes: readonly GateOutcome[],
  ): Promise<GateReply<OutcomeResult[]>> {
    const blocking = this.#blocking(partition);
    const reply = await this.#scripts.run(partition, 'outcomes', [
      claimEpoch,
      incarnation,
      this.#policy.maxAttempts,
      this.#policy.maxAge ?? 0,
      this.#policy.backoff.jitter,
      this.#delays,
      blocking?.retryAfterMs ?? 0,
      blocking?.takesOne === true ? 1 : 0,
      ...outcomes.flatMap((outcome): Argument[] => [
        ...recordArgs(outcome),
        outcome.failure === null ? 1 : 0,
        outcome.failure?.errorClass ?? '',
        outcome.failure?.errorMessage ?? '',
        outcome.failure?.fatal === true ? 1 : 0,
        outcome.failure?.retryAfter ?? 0,
        this.#random(),
      ]),
    ]);
    const results = answered(reply, (result) => result.map(readOutcome));
    if (results.ok) this.#heard.onOutcomes?.(partition, outcomes, results.value);
    return results;
  }
}

const NO_PLACE = Buffer.alloc(8, 0xff);

function recordArgs({ unit, origin, token }: GateRecord): Argument[] {
  if (token === null) return [unit, origin, '', ''];
  // A token that nobody wrote is not current, and its record is not fresh either.
  if (token === 'unreadable') return [unit, origin, NO_PLACE, '-'];
  return [unit, origin, token.place, token.nonce];
}

/** Announcing a later record of a key says that the earlier ones are decided: they must come first. */
function inOrder(outstanding: readonly Outstanding[]): Outstanding[] {
  return [...outstanding].sort((a, b) => a.origin - b.origin);
}

function outstandingArgs({ unit, origin, attempt, failure }: Outstanding): Argument[] {
  return [
    unit,
    origin,
    attempt,
    failure?.errorClass ?? '',
    failure?.errorMessage ?? '',
    failure?.fatal === true ? 1 : 0,
  ];
}

function answered<Result>(
  reply: Awaited<ReturnType<BoxScripts['run']>>,
  read: (result: readonly Reply[]) => Result,
): GateReply<Result> {
  if (reply.status === 'OK') return { ok: true, value: read(reply.result) };
  if (reply.status === 'CURSOR') return { ok: false, refused: 'BEHIND' };
  return { ok: false, refused: reply.status };
}

function readRedirect(fields: readonly Reply[]): Redirect {
  return {
    kind: 'redirect',
    attempt: int(fields[1]),
    errorClass: text(fields[2]),
    errorMessage: text(fields[3]),
    fatal: int(fields[4]) === 1,
    claim: text(fields[5]),
    notBefore: int(fields[6]),
  };
}

function readVerdict(reply: Reply): Verdict {
  const fields = list(reply);
  const kind = text(fields[0]);
  if (kind === 'redirect') return readRedirect(fields);
  return { kind: kind === 'process' || kind === 'hold' ? kind : 'skip' };
}

function readOutcome(reply: Reply): OutcomeResult {
  const fields = list(reply);
  const kind = text(fields[0]);
  switch (kind) {
    case 'redirect':
      return readRedirect(fields);
    case 'recorded':
      return { kind, attempt: int(fields[1]), nextAttemptAt: int(fields[2]) };
    case 'done':
      return { kind, unlocked: int(fields[1]) === 1 };
    case 'block':
      return { kind, retryAfterMs: int(fields[1]) };
    case 'deadLettered':
      return { kind };
    default:
      return { kind: 'stale' };
  }
}
