import type { DescribedError } from './describe-error.ts';
import type { WireKey } from './keys.ts';

/**
 * The shapes of the HTTP contract, and readers that accept nothing else. What an answer means is decided by its
 * words: one that is not understood counts as no answer, never as permission.
 */
export interface AdmissionItem extends WireKey {
  /** The origin's. */
  offset: number;
  delivery?: string;
  /** `false`: the answer must not be `hold`. */
  hold?: false;
}

export interface OutcomeItem extends AdmissionItem {
  result: 'succeeded' | 'failed';
  error?: DescribedError;
  /** The record's own header: where in its trace the message is. */
  traceparent?: string;
}

export type GivenHeaders = Readonly<Record<string, string>>;

export type Verdict =
  | { verdict: 'process' }
  | { verdict: 'skip' }
  | { verdict: 'hold' }
  | { verdict: 'redirect'; headers: GivenHeaders }
  | { verdict: 'wait' };

export type Result =
  | { result: 'redirect'; headers: GivenHeaders }
  | { result: 'block'; retryAfterMs: number }
  | { result: 'done'; unlocked: boolean }
  | { result: 'stale' | 'recorded' | 'deadLettered' | 'wait' }
  /** Never on the wire: nobody answers, and the outcome is told under the next claim. */
  | { result: 'kept' };

export interface ClaimAnswer {
  claimEpoch: string;
  incarnation: string;
  lockedKeys: WireKey[];
  complete: boolean;
  /** -1: no null-key record is in the box or known. */
  nullKeyUpTo: number;
  /** The shard's counter; handed back as it came. */
  seen: unknown;
}

export interface RenewalAnswer {
  partition: number;
  status: 'held' | 'fenced' | 'claim-again';
  lockedKeys: WireKey[];
  unlockedKeys: WireKey[];
  seen: unknown;
}

export function readVerdicts(body: unknown): Verdict[] | undefined {
  return readList(fields(body)['verdicts'], readVerdict);
}

export function readResults(body: unknown): Result[] | undefined {
  return readList(fields(body)['results'], readResult);
}

export function readRenewals(body: unknown): RenewalAnswer[] | undefined {
  return readList(fields(body)['claims'], readRenewal);
}

export function readClaim(body: unknown): ClaimAnswer | undefined {
  const { claimEpoch, incarnation, lockedKeys, complete, nullKeyUpTo, seen } = fields(body);
  const keys = readList(lockedKeys, readKey);
  if (typeof claimEpoch !== 'string' || typeof incarnation !== 'string' || keys === undefined) {
    return undefined;
  }
  const upTo = typeof nullKeyUpTo === 'number' || typeof nullKeyUpTo === 'string' ? Number(nullKeyUpTo) : NaN;
  return {
    claimEpoch,
    incarnation,
    lockedKeys: keys,
    // Anything but a plain yes means: ask about every key.
    complete: complete === true,
    nullKeyUpTo: Number.isFinite(upTo) ? upTo : -1,
    seen,
  };
}

function readVerdict(value: unknown): Verdict | undefined {
  const { verdict, headers } = fields(value);
  if (verdict === 'process' || verdict === 'skip' || verdict === 'hold' || verdict === 'wait') {
    return { verdict };
  }
  const given = verdict === 'redirect' ? readHeaders(headers) : undefined;
  return given === undefined ? undefined : { verdict: 'redirect', headers: given };
}

function readResult(value: unknown): Result | undefined {
  const { result, headers, retryAfterMs, unlocked } = fields(value);
  switch (result) {
    case 'stale':
    case 'recorded':
    case 'deadLettered':
    case 'wait':
      return { result };
    case 'done':
      return { result, unlocked: unlocked === true };
    case 'block':
      return { result, retryAfterMs: typeof retryAfterMs === 'number' ? Math.max(0, retryAfterMs) : 1000 };
    case 'redirect': {
      const given = readHeaders(headers);
      return given === undefined ? undefined : { result, headers: given };
    }
    default:
      return undefined;
  }
}

function readRenewal(value: unknown): RenewalAnswer | undefined {
  const { partition, status, lockedKeys, unlockedKeys, seen } = fields(value);
  if (typeof partition !== 'number') return undefined;
  if (status !== 'held' && status !== 'fenced' && status !== 'claim-again') return undefined;
  const locked = readList(lockedKeys ?? [], readKey);
  const unlocked = readList(unlockedKeys ?? [], readKey);
  if (locked === undefined || unlocked === undefined) return undefined;
  return { partition, status, lockedKeys: locked, unlockedKeys: unlocked, seen };
}

function readKey(value: unknown): WireKey | undefined {
  const { key, keyBase64 } = fields(value);
  if (typeof keyBase64 === 'string') return { keyBase64 };
  if (typeof key === 'string') return { key };
  return typeof value === 'object' && value !== null ? {} : undefined;
}

function readHeaders(value: unknown): GivenHeaders | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  return entries.every(([, text]) => typeof text === 'string') ? (value as GivenHeaders) : undefined;
}

/** All or nothing: a list with one element that is not understood is not understood. */
function readList<T>(value: unknown, read: (element: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const list: T[] = [];
  for (const element of value) {
    const one = read(element);
    if (one === undefined) return undefined;
    list.push(one);
  }
  return list;
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
