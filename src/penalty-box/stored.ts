import { decode } from '@msgpack/msgpack';

/** Bytes about a record, before its payload: see lua/shared/lock.lua. */
export const RECORD_HEAD = 21;

/** A lock as lua/shared/lock.lua packs it. */
export interface StoredLock {
  /** Its entries' ids begin with it. */
  readonly number: number;
  readonly head: Buffer | null;
  readonly since: number;
  readonly count: number;
  readonly bytes: number;
  readonly draining: boolean;
  readonly inFlight: number;
  readonly parkedBy: 'operator' | 'dead-letter' | null;
  readonly attempt: number;
}

/** What became of an entry, as lua/shared/lock.lua packs it. */
export interface StoredState {
  readonly status: 'A' | 'H' | 'F' | 'C' | 'B';
  readonly attempt: number;
  readonly unanswered: number;
  readonly firstFailedAt: number;
  readonly dueAt: number;
  readonly errorClass: string;
  readonly errorMessage: string;
  readonly fatal: boolean;
  readonly condemned: string;
  readonly granted: number;
  readonly admitted: boolean;
  readonly announcedAt: number;
  /** How often in a row Kafka refused it for its own sake. */
  readonly refused: number;
  /** Its dead letter lacks the value. */
  readonly kept: boolean;
}

export function readLock(packed: Buffer): StoredLock {
  const [number, head, since, count, bytes, draining, , inFlight, , parked, attempt] = unpack(packed);
  const place = asBytes(head);
  return {
    number: Number(number),
    head: place.length === 0 ? null : place,
    since: Number(since),
    count: Number(count),
    bytes: Number(bytes),
    draining: draining === 1,
    inFlight: Number(inFlight),
    parkedBy: parked === 0 ? null : parked === 1 ? 'operator' : 'dead-letter',
    attempt: Number(attempt),
  };
}

export function readState(packed: Buffer): StoredState {
  const fields = unpack(packed);
  const text = (index: number): string => asBytes(fields[index]).toString('utf8');
  return {
    status: text(1) as StoredState['status'],
    attempt: Number(fields[2]),
    unanswered: Number(fields[3]),
    firstFailedAt: Number(fields[6]),
    dueAt: Number(fields[7]),
    errorClass: text(8),
    errorMessage: text(9),
    fatal: fields[10] === 1,
    condemned: text(12),
    granted: Number(fields[13]),
    admitted: text(5) !== '',
    announcedAt: Number(fields[14]),
    refused: Number(fields[16]),
    kept: fields[17] === 1,
  };
}

/** An entry with all that is kept of it; `payload: null` where it was only announced. */
export interface StoredEntry {
  readonly id: Buffer;
  readonly status: StoredState['status'];
  readonly attempt: number;
  /** Epoch ms. */
  readonly dueAt: number;
  readonly fatal: boolean;
  /** '' where only the payload knows it. */
  readonly errorClass: string;
  readonly errorMessage: string;
  readonly payload: Buffer | null;
  /** Its dead letter lacks the value. */
  readonly kept: boolean;
}

const FATAL_OR_MALFORMED = 3;

/** `packedState` and `record` are empty where there is none. */
export function readStoredEntry(id: Buffer, packedState: Buffer, record: Buffer): StoredEntry {
  const state = packedState.length === 0 ? null : readState(packedState);
  const stored = record.length < RECORD_HEAD ? null : record;
  return {
    id,
    status: state?.status ?? 'H',
    attempt: state?.attempt ?? stored?.readUInt16BE(18) ?? 0,
    dueAt: state?.dueAt ?? stored?.readUIntBE(6, 6) ?? 0,
    fatal: state?.fatal === true || ((stored?.readUInt8(20) ?? 0) & FATAL_OR_MALFORMED) > 0,
    errorClass: state?.errorClass ?? '',
    errorMessage: state?.errorMessage ?? '',
    payload: stored?.subarray(RECORD_HEAD) ?? null,
    kept: state?.kept ?? false,
  };
}

/** Lua's strings are bytes, which MessagePack's older form marks as text: they are taken as they are. */
function unpack(packed: Buffer): unknown[] {
  return decode(packed, { rawStrings: true }) as unknown[];
}

function asBytes(value: unknown): Buffer {
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.alloc(0);
}
