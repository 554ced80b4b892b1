import { hash } from 'node:crypto';
import { decode, encode } from '@msgpack/msgpack';
import type { Origin } from '../domain/record.ts';
import type { DeadLetter, DeadLetterSource, Position, Reason } from './dead-letter.ts';
import type { Settlement } from './marker.ts';

/** `duplicate`: a second copy of another dead letter, which alone counts. */
export type Status = 'open' | Settlement | 'duplicate';

/** What the index keeps of a dead letter. Times in epoch ms. */
export interface IndexedDeadLetter extends Pick<
  DeadLetter,
  | 'position'
  | 'source'
  | 'reason'
  | 'origin'
  | 'attempt'
  | 'errorClass'
  | 'errorMessage'
  | 'firstFailedAt'
  | 'deadLetteredAt'
  | 'redrive'
  | 'keyAtOrigin'
  | 'valueAtOrigin'
> {
  readonly status: Status;
  /** When and by which job or request it was settled; null while it is open, and of a duplicate. */
  readonly settled: { readonly at: number; readonly by: string } | null;
  /** Of a duplicate: what it is a copy of. */
  readonly copyOf: Position | null;
  /** Its first KEY_LIMIT bytes; null = the null key. */
  readonly key: Buffer | null;
  readonly keyBytes: number;
  readonly valueBytes: number;
}

/** Bytes of a key that a row keeps. Look-ups are by the hash of all of it. */
export const KEY_LIMIT = 256;
const NONE = Buffer.alloc(8);
/** The group of all that is left above a thousand groups. */
export const LUMP = NONE;
/** Before `by`: status, time, three hashes, settled at, length of `by`. */
const HEAD = 1 + 6 + 24 + 6 + 1;

const STATUSES = { o: 'open', r: 'redriven', d: 'dismissed', s: 'superseded', '2': 'duplicate' } as const;
type Letter = keyof typeof STATUSES;

export const LETTER_OF = { redriven: 'r', dismissed: 'd', superseded: 's' } as const;

/** Stored, in this order. */
type Facts = [
  source: DeadLetterSource,
  reason: Reason,
  errorClass: string,
  errorMessage: string,
  origin: [topic: string, partition: number, offset: number] | null,
  attempt: number,
  firstFailedAt: number | null,
  redrive: string | null,
  key: Uint8Array | null,
  keyBytes: number,
  valueBytes: number,
  atOrigin: number,
];

/** What finds all dead letters of a key. */
export function keyHash(key: Buffer | null): Buffer {
  return key === null ? NONE : hashOf(key);
}

/** The name of a group, and what finds its rows. */
export function groupName(reason: string, errorClass: string): string {
  return `${reason}\0${errorClass}`;
}

export function groupHash(reason: string, errorClass: string): Buffer {
  return hashOf(groupName(reason, errorClass));
}

/** As it is while it is open. `mainTopic` stands in most origins: it is not stored with each. */
export function packRow(letter: DeadLetter, mainTopic: string): Buffer {
  const { deadLetteredAt, key, value, reason, errorClass, origin } = letter;
  const head = Buffer.alloc(HEAD);
  head.write('o', 0, 'latin1');
  head.writeUIntBE(deadLetteredAt, 1, 6);
  keyHash(key).copy(head, 7);
  groupHash(reason, errorClass).copy(head, 15);
  sameness(letter).copy(head, 23);
  const facts: Facts = [
    letter.source,
    reason,
    errorClass,
    letter.errorMessage,
    origin && [origin.topic === mainTopic ? '' : origin.topic, origin.partition, origin.offset],
    letter.attempt,
    letter.firstFailedAt,
    letter.redrive,
    key?.subarray(0, KEY_LIMIT) ?? null,
    key?.length ?? 0,
    value?.length ?? 0,
    (letter.keyAtOrigin ? 1 : 0) + (letter.valueAtOrigin ? 2 : 0),
  ];
  return Buffer.concat([head, encode(facts)]);
}

/** `id`: partition (4) and offset (6). */
export function readRow(id: Buffer, row: Buffer, mainTopic: string): IndexedDeadLetter {
  const status = STATUSES[row.toString('latin1', 0, 1) as Letter];
  const bySize = row.readUInt8(HEAD - 1);
  const by = row.subarray(HEAD, HEAD + bySize);
  const [
    source,
    reason,
    errorClass,
    errorMessage,
    origin,
    attempt,
    firstFailedAt,
    redrive,
    key,
    keyBytes,
    valueBytes,
    atOrigin,
  ] = decode(row.subarray(HEAD + bySize)) as Facts;
  const settled = status !== 'open' && status !== 'duplicate';
  return {
    position: positionOf(id),
    deadLetteredAt: row.readUIntBE(1, 6),
    status,
    settled: settled ? { at: row.readUIntBE(31, 6), by: by.toString('utf8') } : null,
    copyOf: status === 'duplicate' ? positionOf(by) : null,
    ...{ source, reason, errorClass, errorMessage, attempt, firstFailedAt, redrive, keyBytes, valueBytes },
    origin: origin && {
      topic: origin[0] === '' ? mainTopic : origin[0],
      partition: origin[1],
      offset: origin[2],
    },
    key: key && Buffer.from(key),
    keyAtOrigin: atOrigin % 2 === 1,
    valueAtOrigin: atOrigin >= 2,
  };
}

export function positionOf(id: Buffer): Position {
  return { partition: id.readUInt32BE(0), offset: id.readUIntBE(4, 6) };
}

export function idOf({ partition, offset }: Position): Buffer {
  const id = Buffer.allocUnsafe(10);
  id.writeUInt32BE(partition, 0);
  id.writeUIntBE(offset, 4, 6);
  return id;
}

/** Ours alone come twice: two owners may publish the same dead letter. Other tools say too little to tell. */
function sameness({ source, origin, attempt, redrive }: DeadLetter): Buffer {
  if (source !== 'service' || origin === null) return NONE;
  return hashOf(same(origin, attempt, redrive));
}

function same({ topic, partition, offset }: Origin, attempt: number, redrive: string | null): string {
  return `${topic}/${String(partition)}/${String(offset)}/${String(attempt)}/${redrive ?? ''}`;
}

function hashOf(bytes: Buffer | string): Buffer {
  return hash('sha1', bytes, 'buffer').subarray(0, 8);
}
