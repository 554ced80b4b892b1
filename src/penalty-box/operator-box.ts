import { keyOf } from '../domain/unit.ts';
import type { Unit } from '../domain/unit.ts';
import { originOffsetOf } from '../domain/place.ts';
import { OrchestratorError } from '../errors.ts';
import type { Reply } from '../redis/define-script.ts';
import type { BoxScripts } from './box-scripts.ts';
import { readLock, readState, RECORD_HEAD } from './stored.ts';
import type { StoredLock, StoredState } from './stored.ts';
import { errorOf } from './payload.ts';
import { bytes, int, text } from './scripts.ts';

export type LockState = 'waiting' | 'probing' | 'draining' | 'parked';
export type Action = 'retry-now' | 'park' | 'unpark' | 'skip-head' | 'discard-head' | 'discard-all';

/** A lock without its entries. Times in epoch ms. */
export interface LockSummary {
  readonly unit: Unit;
  readonly partition: number;
  readonly state: LockState;
  readonly since: number;
  /** Messages in the box, announced ones included. */
  readonly held: number;
  readonly heldBytes: number;
  /** Handler attempts of the head so far. */
  readonly attempt: number;
  /** Origin offset of the head; null: its origin is foreign, or there is none. */
  readonly headOffset: number | null;
}

export interface EntryView {
  readonly state: 'pending' | 'held' | 'in-flight' | 'dead-lettering' | 'dead-lettered';
  /** Origin offset, null = foreign. */
  readonly offset: number | null;
  /** Where it lies in the retry topic; null while it is only announced. */
  readonly retryOffset: number | null;
  readonly attempt: number;
  /** Deliveries in a row that were admitted and never answered. */
  readonly unanswered: number;
  readonly firstFailedAt: number | null;
  readonly dueAt: number | null;
  /** Where the redelivered copy lies. */
  readonly deliveredOffset: number | null;
  readonly lastError: { readonly class: string; readonly message: string } | null;
}

/** A lock as a listing shows it. */
export interface ListedLock extends LockSummary {
  readonly nextAttemptAt: number | null;
  /** Of its head. */
  readonly lastError: EntryView['lastError'];
}

/** Where a lock stands in the order of its shard by age: near the time of its making, epoch ms; no two have the same. */
export type Age = number;

export interface BrowsedLock extends ListedLock {
  readonly age: Age;
}

/** What part of a shard's locks to look at. */
export interface Browse {
  readonly from: Age;
  /** Begin behind `from`, not at it. */
  readonly behind: boolean;
  readonly upTo: Age;
  /** At most this many are looked at, and at most that many given. */
  readonly look: number;
  readonly give: number;
  readonly state: LockState | null;
}

export interface Browsed {
  readonly locks: readonly BrowsedLock[];
  /** Of the last one looked at; null: there was none. */
  readonly last: Age | null;
  /** There are more behind it. */
  readonly more: boolean;
}

/** What heads say of their errors may lie in large records: more than this is not read at once. */
const BROWSED_BYTES = 256 * 1024;

export interface LockView extends ListedLock {
  readonly entries: readonly EntryView[];
}

export interface Totals {
  readonly lockedKeys: number;
  readonly heldMessages: number;
  readonly heldBytes: number;
  readonly inFlight: number;
  readonly pending: number;
  readonly parked: number;
  readonly cursor: number;
  readonly knownKeys: number;
  /** When the oldest lock was made, epoch ms; null: there is none. */
  readonly oldestSince: number | null;
}

/** The box as an operator sees it. Any replica may call it. */
export class OperatorBox {
  readonly #scripts: BoxScripts;

  constructor(scripts: BoxScripts) {
    this.#scripts = scripts;
  }

  async totals(partition: number): Promise<Totals> {
    const result = await this.#ask(partition, 'totals', []);
    const [lockedKeys, heldMessages, heldBytes, inFlight, pending, parked, cursor, knownKeys] =
      result.map(int);
    const oldest = text(result[9]);
    return {
      lockedKeys: lockedKeys ?? 0,
      heldMessages: heldMessages ?? 0,
      heldBytes: heldBytes ?? 0,
      inFlight: inFlight ?? 0,
      pending: pending ?? 0,
      parked: parked ?? 0,
      cursor: cursor ?? 0,
      knownKeys: knownKeys ?? 0,
      oldestSince: oldest === '' ? null : Number(oldest),
    };
  }

  /** One lock with its first `limit` entries in order, or null. */
  async inspect(partition: number, unit: Unit, limit: number): Promise<LockView | null> {
    const result = await this.#ask(partition, 'inspect', [unit, limit]);
    if (result.length === 0) return null;
    const lock = readLock(bytes(result[0]));
    const entries: EntryView[] = [];
    for (let i = 2; i < result.length; i += 4) {
      entries.push(readEntry(bytes(result[i]), result[i + 1], result[i + 2], int(result[i + 3])));
    }
    const summary = summarise(unit, partition, lock);
    return {
      ...summary,
      attempt: entries[0]?.attempt ?? summary.attempt,
      nextAttemptAt: text(result[1]) === '' ? null : int(result[1]),
      lastError: entries[0]?.lastError ?? null,
      entries,
    };
  }

  /** The locks of a shard by their age, a page at a time: what it costs does not depend on how many there are. */
  async browse(partition: number, { from, behind, upTo, look, give, state }: Browse): Promise<Browsed> {
    const result = await this.#ask(partition, 'browse', [
      `${behind ? '(' : ''}${scoreOf(from)}`,
      scoreOf(upTo),
      look,
      give,
      BROWSED_BYTES,
      state ?? '',
    ]);
    const locks: BrowsedLock[] = [];
    for (let i = 2; i < result.length; i += 6) {
      const [age, unit, packed, due, packedState, record] = result.slice(i, i + 6);
      const summary = summarise(bytes(unit), partition, readLock(bytes(packed)));
      const head = readHead(bytes(packedState), bytes(record));
      locks.push({
        ...summary,
        attempt: head?.attempt ?? summary.attempt,
        nextAttemptAt: text(due) === '' ? null : int(due),
        lastError: head?.lastError ?? null,
        age: int(age),
      });
    }
    const last = text(result[0]);
    return { locks, last: last === '' ? null : Number(last), more: int(result[1]) === 1 };
  }

  /** `unknown`: there is no such lock. */
  async act(
    partition: number,
    unit: Unit,
    action: Action,
  ): Promise<{ readonly outcome: 'done' | 'unchanged' | 'unknown'; readonly entries: number }> {
    const result = await this.#ask(partition, 'act', [unit, action]);
    return { outcome: text(result[0]) as 'done' | 'unchanged' | 'unknown', entries: int(result[1]) };
  }

  /** Every lock of a shard, a page at a time, in no order; changes meanwhile may or may not be seen. */
  async *scan(partition: number): AsyncGenerator<LockSummary[]> {
    for await (const page of this.#scripts.scanLocks(partition)) {
      yield page.map(([unit, packed]) => summarise(unit, partition, readLock(packed)));
    }
  }

  async #ask(
    partition: number,
    operation: 'totals' | 'inspect' | 'browse' | 'act',
    args: (string | number | Buffer)[],
  ) {
    const reply = await this.#scripts.run(partition, operation, args);
    if (reply.status === 'OK') return reply.result;
    throw new OrchestratorError('NOT_READY', `shard ${String(partition)} is being restored`, {
      retryAfterMs: 1_000,
    });
  }
}

function summarise(unit: Unit, partition: number, lock: StoredLock): LockSummary {
  const flying = lock.inFlight > 0;
  return {
    unit,
    partition,
    state: lock.parked ? 'parked' : lock.draining ? 'draining' : flying ? 'probing' : 'waiting',
    since: lock.since,
    held: lock.count,
    heldBytes: lock.bytes,
    attempt: lock.attempt,
    headOffset: lock.head === null ? null : originOffsetOf(lock.head),
  };
}

const STATES = { A: 'pending', H: 'held', F: 'in-flight', C: 'dead-lettering', B: 'dead-lettered' } as const;

function readEntry(
  id: Buffer,
  packedState: Reply | undefined,
  record: Reply | undefined,
  copy: number,
): EntryView {
  const state = bytes(packedState).length > 0 ? readState(bytes(packedState)) : null;
  const stored = readRecord(bytes(record));
  const dueAt = state?.dueAt ?? stored?.dueAt ?? 0;
  const firstFailedAt = state?.firstFailedAt ?? stored?.firstFailedAt ?? 0;
  return {
    state: state === null ? 'held' : STATES[state.status],
    offset: originOffsetOf(id.subarray(6)),
    retryOffset: stored?.retryOffset ?? null,
    attempt: state?.attempt ?? stored?.attempt ?? 0,
    unanswered: state?.unanswered ?? 0,
    firstFailedAt: firstFailedAt > 0 ? firstFailedAt : null,
    dueAt: dueAt > 0 ? dueAt : null,
    deliveredOffset: copy >= 0 ? copy : null,
    lastError: lastErrorIn(state, stored),
  };
}

type ToldRecord = NonNullable<ReturnType<typeof readRecord>>;

/** The start of a record; null where there is none. */
function readRecord(head: Buffer) {
  if (head.length < RECORD_HEAD) return null;
  return {
    retryOffset: head.readUIntBE(0, 6),
    dueAt: head.readUIntBE(6, 6),
    firstFailedAt: head.readUIntBE(12, 6),
    attempt: head.readUInt16BE(18),
    ...errorOf(head.subarray(RECORD_HEAD)),
  };
}

/** What is told of a failure after the record was written wins. */
function lastErrorIn(state: StoredState | null, stored: ToldRecord | null): EntryView['lastError'] {
  const errorClass = [state, stored].find((told) => told !== null && told.errorClass !== '')?.errorClass;
  const errorMessage = [state, stored].find(
    (told) => told !== null && told.errorMessage !== '',
  )?.errorMessage;
  if (errorClass === undefined && errorMessage === undefined) return null;
  return { class: errorClass ?? '', message: errorMessage ?? '' };
}

/** Attempts and error of a head; `packedState` and `record` are empty where there is none. */
function readHead(packedState: Buffer, record: Buffer): Pick<EntryView, 'attempt' | 'lastError'> | null {
  const state = packedState.length > 0 ? readState(packedState) : null;
  const stored = readRecord(record);
  if (state === null && stored === null) return null;
  return { attempt: state?.attempt ?? stored?.attempt ?? 0, lastError: lastErrorIn(state, stored) };
}

/** As Redis reads the bounds of a range. */
function scoreOf(age: Age): string {
  if (Number.isFinite(age)) return String(age);
  return age > 0 ? '+inf' : '-inf';
}

/** The key of a lock as JSON gives it: nothing for a message that is its own unit. */
export function keyJson(unit: Unit): { key?: string; keyBase64?: string } {
  const key = keyOf(unit);
  if (key === null) return {};
  const asText = key.toString('utf8');
  return Buffer.from(asText, 'utf8').equals(key) ? { key: asText } : { keyBase64: key.toString('base64') };
}
