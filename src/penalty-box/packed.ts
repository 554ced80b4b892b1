import type { DeadLetterReason } from '../domain/outgoing-headers.ts';
import type { Reply } from '../redis/define-script.ts';
import type { AgedEntry, Arrival, Job } from './entry.ts';
import { bytes, int, text as textOf } from './scripts.ts';

// The facts of a whole batch are one argument, and one answer: some of each per record took a fifth of the service's time.
// Payloads stay by themselves: Redis' Lua hashes each string that it makes, over all of its bytes.

const FATAL = 1;
const MALFORMED = 2;
const ANNOUNCED = 4;
const CARRIED = 8;
const REDRIVEN = 16;
/** Of an arrival, besides its unit and texts. */
const ARRIVAL_FACTS = 4 + 4 + 35 + 3;
const CARRIED_FACTS = 6 + 6 + 2;
/** Lua's head of a record, before the payload: lua/shared/lock.lua. */
const RECORD_HEAD = 21;

/** As lua/ingest.lua reads them. */
export function packArrivals(arrivals: readonly Arrival[]): Buffer {
  let size = 0;
  for (const arrival of arrivals) size += sizeOf(arrival);
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (const arrival of arrivals) at = packArrival(arrival, out, at);
  return out;
}

function sizeOf({ unit, claim, token, carried, redrive }: Arrival): number {
  return (
    ARRIVAL_FACTS +
    unit.length +
    Math.min(claim.length, 255) +
    ((token ?? carried)?.place?.length ?? 0) +
    (token?.nonce.length ?? 0) +
    (carried === null ? 0 : CARRIED_FACTS) +
    (redrive === '' ? 0 : 1 + redrive.length)
  );
}

function packArrival(arrival: Arrival, out: Buffer, from: number): number {
  const { unit, token, origin, carried, redrive } = arrival;
  const place = (token ?? carried)?.place ?? null;
  let at = out.writeUInt32BE(sizeOf(arrival) - 4, from);
  at = out.writeUInt32BE(unit.length, at);
  at += unit.copy(out, at);
  at = out.writeUIntBE(arrival.retryOffset, at, 6);
  at = out.writeUIntBE(arrival.failedAt, at, 6);
  at = out.writeUIntBE(arrival.delay, at, 6);
  at = out.writeUIntBE(arrival.notBefore, at, 6);
  at = out.writeUIntBE(arrival.attempt, at, 2);
  at = out.writeUInt8(
    (arrival.fatal ? FATAL : 0) |
      (arrival.malformed ? MALFORMED : 0) |
      (arrival.announced ? ANNOUNCED : 0) |
      (carried === null ? 0 : CARRIED) |
      (redrive === '' ? 0 : REDRIVEN),
    at,
  );
  at = out.writeInt32BE(origin === null ? -1 : Math.floor(origin / 2 ** 32), at);
  at = out.writeUInt32BE(origin === null ? 2 ** 32 - 1 : origin % 2 ** 32, at);
  at = packText(arrival.claim.slice(0, 255), out, at);
  at = out.writeUInt8(place?.length ?? 0, at);
  if (place !== null) at += place.copy(out, at);
  at = packText(token?.nonce ?? '', out, at);
  if (carried !== null) {
    at = out.writeUIntBE(carried.original, at, 6);
    at = out.writeUIntBE(carried.firstFailedAt, at, 6);
    at = out.writeUInt16BE(Math.min(carried.unanswered, 65_535), at);
  }
  return redrive === '' ? at : packText(redrive, out, at);
}

/** A byte for its length, then its characters, a byte each. */
function packText(text: string, out: Buffer, from: number): number {
  const at = out.writeUInt8(text.length, from);
  return at + out.write(text, at, 'latin1');
}

/** As lua/acknowledge.lua reads them. */
export function packWritten(written: readonly { job: Job; offset: number }[]): Buffer {
  let size = 0;
  for (const { job } of written) size += 8 + job.id.length + job.nonce.length;
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { job, offset } of written) {
    at = out.writeUInt8(job.id.length, at);
    at += job.id.copy(out, at);
    at = packText(job.nonce, out, at);
    at = out.writeUIntBE(offset, at, 6);
  }
  return out;
}

/** As lua/release.lua answers. */
export function readJobs([facts, ...records]: readonly Reply[], noncePrefix: string): Job[] {
  const packed = bytes(facts);
  let at = 0;
  const number = (size: number): number => {
    at += size;
    return packed.readUIntBE(at - size, size);
  };
  const view = (length: number): Buffer => {
    at += length;
    return packed.subarray(at - length, at);
  };
  const text = (length: number): string => {
    at += length;
    return length === 0 ? '' : packed.toString('utf8', at - length, at);
  };
  const jobs: Job[] = [];
  for (const reply of records) {
    const record = bytes(reply);
    const id = view(number(1));
    const unit = view(number(4));
    const attempt = number(2);
    const firstFailedAt = number(6);
    const dueAt = number(6);
    const reason = text(number(1));
    const errorClass = text(number(2));
    const errorMessage = text(number(2));
    jobs.push({
      id,
      unit,
      nonce: `${noncePrefix}${String(jobs.length)}`,
      attempt,
      firstFailedAt,
      dueAt,
      deadLetter: reason === '' ? null : (reason as DeadLetterReason),
      errorClass,
      errorMessage,
      retryOffset: record.readUIntBE(0, 6),
      // One that came without a failure was due when it came.
      heldSince: record.readUIntBE(12, 6) || record.readUIntBE(6, 6),
      payload: record.subarray(RECORD_HEAD),
    });
  }
  return jobs;
}

/** As lua/carry.lua answers. */
export function readAged(reply: readonly Reply[]): AgedEntry[] {
  const entries: AgedEntry[] = [];
  for (let i = 0; i < reply.length; i += 10) {
    const [
      unit,
      place,
      attempt,
      firstFailedAt,
      wait,
      unanswered,
      announced,
      errorClass,
      errorMessage,
      record,
    ] = reply.slice(i, i + 10);
    const stored = bytes(record);
    const flags = stored.readUInt8(RECORD_HEAD - 1);
    entries.push({
      unit: bytes(unit),
      place: bytes(place),
      retryOffset: stored.readUIntBE(0, 6),
      attempt: int(attempt),
      firstFailedAt: int(firstFailedAt),
      wait: int(wait),
      unanswered: int(unanswered),
      fatal: (flags & FATAL) !== 0,
      malformed: (flags & MALFORMED) !== 0,
      announced: int(announced) === 1,
      errorClass: textOf(errorClass),
      errorMessage: textOf(errorMessage),
      payload: stored.subarray(RECORD_HEAD),
    });
  }
  return entries;
}
