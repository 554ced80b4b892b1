import { decode } from '@msgpack/msgpack';

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
  readonly parked: boolean;
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
    parked: parked !== 0,
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
