import { isUtf8 } from 'node:buffer';
import type { Static } from 'typebox';
import type { DeadLetterView } from '../../../dead-letters/dead-letter-desk.ts';
import type { IndexedDeadLetter } from '../../../dead-letters/index-row.ts';
import { keyFields } from '../../../domain/key-fields.ts';
import type { DeadLetterInFull, DeadLetterPage, Payload } from './schemas.ts';

type Row = Static<typeof DeadLetterPage>['deadLetters'][number];

/** One of a listing, as JSON gives it. */
export function rowFields(row: IndexedDeadLetter): Row {
  return {
    ...row.position,
    ...keyFields(row.key),
    ...(row.key !== null && row.keyBytes > row.key.length ? { keyTruncated: true } : {}),
    ...toldFields(row),
    ...{ status: row.status, settled: row.settled, copyOf: row.copyOf },
    valueBytes: row.valueBytes,
  };
}

/** All of one. `limit`: bytes of the payload and of each header. */
export function viewFields(
  { letter, record, row, standing, payload }: DeadLetterView,
  limit: number,
): Static<typeof DeadLetterInFull> {
  const known = standing === 'open' || standing === 'settled' ? standing : null;
  return {
    ...letter.position,
    ...keyFields(payload.kind === 'read' ? payload.key : letter.key),
    ...toldFields(letter),
    ...{ status: row?.status ?? known, settled: row?.settled ?? null, copyOf: row?.copyOf ?? null },
    timestamp: record.timestamp,
    headers: record.headers.map(([name, value]) => ({ name, ...shown(value, limit) })),
    payloadFrom: payload.kind === 'gone' ? 'gone' : letter.valueAtOrigin ? 'origin' : 'record',
    payload: payload.kind === 'gone' || payload.value === null ? null : shownPayload(payload.value, limit),
  };
}

type Told = Pick<
  IndexedDeadLetter,
  | 'source'
  | 'reason'
  | 'origin'
  | 'attempt'
  | 'errorClass'
  | 'errorMessage'
  | 'firstFailedAt'
  | 'deadLetteredAt'
  | 'redrive'
  | 'valueAtOrigin'
>;

function toldFields(
  told: Told,
): Omit<Told, 'errorClass' | 'errorMessage'> & Pick<Row, 'errorClass' | 'errorMessage'> {
  const { source, reason, origin, attempt, firstFailedAt, deadLetteredAt, redrive, valueAtOrigin } = told;
  return {
    ...{ source, reason, origin, attempt, firstFailedAt, deadLetteredAt, redrive, valueAtOrigin },
    errorClass: told.errorClass === '' ? null : told.errorClass,
    errorMessage: told.errorMessage === '' ? null : told.errorMessage,
  };
}

function shown(bytes: Buffer, limit: number): Payload {
  const part = bytes.subarray(0, limit);
  const text = isUtf8(part) ? part.toString('utf8') : textOf(part, bytes.length > limit);
  return { size: bytes.length, truncated: bytes.length > limit, base64: part.toString('base64'), text };
}

function shownPayload(value: Buffer, limit: number): Payload {
  const payload = shown(value, limit);
  if (payload.truncated || payload.text === null) return payload;
  try {
    return { ...payload, json: JSON.parse(payload.text) as unknown };
  } catch {
    return payload;
  }
}

/** A cut may go through the last character: text all the same. */
function textOf(part: Buffer, cut: boolean): string | null {
  for (let less = 1; cut && less <= Math.min(3, part.length); less++) {
    const rest = part.subarray(0, part.length - less);
    if (isUtf8(rest)) return rest.toString('utf8');
  }
  return null;
}
