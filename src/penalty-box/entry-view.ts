import { originOffsetOf } from '../domain/place.ts';
import type { Origin } from '../domain/record.ts';
import { errorOf, foreignOriginOf } from './payload.ts';
import { readState, RECORD_HEAD } from './stored.ts';
import type { StoredState } from './stored.ts';

/** One message of a lock, as an operator sees it. */
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
  /** Its last failure said that retrying is pointless. */
  readonly fatal: boolean;
  /** Why it has to leave for the dead-letter topic, whatever its attempts say; '' = it need not. */
  readonly condemned: string;
  /** It may make so many attempts, whatever the policy says. */
  readonly granted: number;
  /** The copy in flight was given to its consumer. */
  readonly admitted: boolean;
  /** How often in a row Kafka refused its redelivery for its own sake. */
  readonly refused: number;
  /** It is a dead letter that lacks its value, which is kept here. */
  readonly kept: boolean;
  /** When a gate announced it, while it has not come; epoch ms. */
  readonly announcedAt: number | null;
  /** Where it was read first, if that is not `offset` of the shard's own partition. */
  readonly foreignOrigin: Origin | null;
}

const STATES = { A: 'pending', H: 'held', F: 'in-flight', C: 'dead-lettering', B: 'dead-lettered' } as const;

/** As lua/inspect.lua gives it; `packedState` and `record` are empty where there is none, `copy` -1 where nothing is noted. */
export function readEntry(id: Buffer, packedState: Buffer, record: Buffer, copy: number): EntryView {
  const state = packedState.length > 0 ? readState(packedState) : null;
  const stored = readRecord(record);
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
    fatal: state?.fatal ?? ((stored?.flags ?? 0) & FATAL) > 0,
    condemned: state?.condemned ?? (((stored?.flags ?? 0) & MALFORMED) > 0 ? 'malformed' : ''),
    granted: state?.granted ?? 0,
    admitted: state?.admitted ?? false,
    refused: state?.refused ?? 0,
    kept: state?.kept ?? false,
    announcedAt: state?.status === 'A' ? state.announcedAt : null,
    foreignOrigin: stored?.foreignOrigin ?? null,
  };
}

const FATAL = 1;
const MALFORMED = 2;

type ToldRecord = NonNullable<ReturnType<typeof readRecord>>;

/** The start of a record; null where there is none. */
function readRecord(head: Buffer) {
  if (head.length < RECORD_HEAD) return null;
  return {
    retryOffset: head.readUIntBE(0, 6),
    dueAt: head.readUIntBE(6, 6),
    firstFailedAt: head.readUIntBE(12, 6),
    attempt: head.readUInt16BE(18),
    flags: head.readUInt8(20),
    foreignOrigin: foreignOriginOf(head.subarray(RECORD_HEAD)),
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
export function readHead(
  packedState: Buffer,
  record: Buffer,
): Pick<EntryView, 'attempt' | 'lastError'> | null {
  const state = packedState.length > 0 ? readState(packedState) : null;
  const stored = readRecord(record);
  if (state === null && stored === null) return null;
  return { attempt: state?.attempt ?? stored?.attempt ?? 0, lastError: lastErrorIn(state, stored) };
}
