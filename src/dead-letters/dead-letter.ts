import { capped } from '../domain/capped.ts';
import { validTopic } from '../domain/foreign/decode.ts';
import { understandForeignDeadLetter, type ForeignTool } from '../domain/foreign-headers.ts';
import { ERROR_CLASS_LIMIT, HEADER, REDRIVE_ID_LIMIT } from '../domain/header-names.ts';
import { applicationHeaders } from '../domain/outgoing-headers.ts';
import type { DeadLetterReason } from '../domain/outgoing-headers.ts';
import { headerText } from '../domain/record.ts';
import type { Header, KafkaRecord, Origin } from '../domain/record.ts';
import { isMarker } from './marker.ts';

/** Where a dead letter lies in the dead-letter topic. */
export interface Position {
  readonly partition: number;
  readonly offset: number;
}

/** Who wrote it. `unknown`: no convention explains its headers. */
export type DeadLetterSource = 'service' | ForeignTool | 'unknown';

/** `failed`: another tool gave it up, and does not say why in a word. `unknown`: nobody knows. */
export type Reason = DeadLetterReason | 'failed' | 'unknown';

/** A record of a dead-letter topic. Times in epoch ms. */
export interface DeadLetter {
  readonly position: Position;
  readonly source: DeadLetterSource;
  readonly reason: Reason;
  /** Where the application first read it; null = nothing says so. */
  readonly origin: Origin | null;
  readonly originTimestamp: number | null;
  /** Handler attempts so far. */
  readonly attempt: number;
  /** '' = none is known. At most ERROR_CLASS_LIMIT bytes. */
  readonly errorClass: string;
  /** '' = none is known. At most ERROR_TEXT_LIMIT bytes: what a search for a text looks at. */
  readonly errorMessage: string;
  readonly firstFailedAt: number | null;
  readonly deadLetteredAt: number;
  /** Of the redrive that it came back from, null = none. */
  readonly redrive: string | null;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Key and value are to be read at the origin: share groups write neither. */
  readonly keyAtOrigin: boolean;
  readonly valueAtOrigin: boolean;
  /** Without ours; what another tool added stays. */
  readonly applicationHeaders: readonly Header[];
}

/** Bytes of an error message that the index keeps. */
export const ERROR_TEXT_LIMIT = 256;

const REASONS = new Set<string>([
  'exhausted',
  'fatal',
  'expired',
  'malformed',
  'undeliverable',
  'unanswered',
  'operator',
] satisfies DeadLetterReason[]);

const WHOLE_NUMBER = /^[0-9]{1,15}$/;
const NUMBER_LIMIT = 2 ** 47;

/**
 * Reads one record of a dead-letter topic. Null: it is no dead letter of this route, but a marker, or another route's that
 * shares the topic. Pure; never throws, whatever the headers hold.
 */
export function readDeadLetter(record: KafkaRecord, route: string): DeadLetter | null {
  const { partition, offset, timestamp, key, value, headers } = record;
  if (isMarker(record) || isAnothers(headers, route)) return null;
  const redrive = headerText(headers, HEADER.redrive);
  const common = {
    position: { partition, offset },
    ...{ key, value },
    redrive: redrive === undefined || redrive === '' ? null : capped(redrive, REDRIVE_ID_LIMIT),
    applicationHeaders: applicationHeaders(headers),
  };
  const written = Math.min(Math.max(0, timestamp), NUMBER_LIMIT - 1);
  const told = ours(headers, written) ?? foreign(record, written);
  return {
    ...common,
    ...told,
    errorClass: capped(told.errorClass, ERROR_CLASS_LIMIT),
    errorMessage: capped(told.errorMessage, ERROR_TEXT_LIMIT),
  };
}

function isAnothers(headers: readonly Header[], route: string): boolean {
  if (headerText(headers, HEADER.deadLetterReason) === undefined) return false;
  return (headerText(headers, HEADER.route) ?? route) !== route;
}

type Told = Omit<DeadLetter, 'position' | 'key' | 'value' | 'redrive' | 'applicationHeaders'>;

/** Null: not by this service. */
function ours(headers: readonly Header[], written: number): Told | null {
  if (headerText(headers, HEADER.deadLetterReason) === undefined) return null;
  // Of several with a name the last counts.
  const values = new Map(headers);
  const text = (name: string): string | undefined => values.get(name)?.toString('utf8');
  const number = (name: string): number | null => wholeNumber(text(name));
  const reason = text(HEADER.deadLetterReason) ?? '';
  const topic = validTopic(text(HEADER.originTopic));
  const partition = number(HEADER.originPartition);
  const offset = number(HEADER.originOffset);
  const origin =
    topic === undefined || partition === null || offset === null ? null : { topic, partition, offset };
  return {
    source: 'service',
    reason: REASONS.has(reason) ? (reason as DeadLetterReason) : 'unknown',
    origin,
    originTimestamp: number(HEADER.originTimestamp),
    attempt: Math.min(number(HEADER.attempt) ?? 0, 65_535),
    errorClass: text(HEADER.errorClass) ?? '',
    errorMessage: text(HEADER.errorMessage) ?? '',
    firstFailedAt: number(HEADER.firstFailedAt),
    deadLetteredAt: number(HEADER.deadLetteredAt) ?? written,
    keyAtOrigin: false,
    valueAtOrigin: text(HEADER.value) === 'origin' && origin !== null,
  };
}

function foreign(record: KafkaRecord, written: number): Told {
  const understood = understandForeignDeadLetter(record);
  const said = understood?.said;
  // Share groups copy neither key nor value unless told to: then both are still where they were read.
  const absent = understood?.tool === 'share-group' && record.value === null && record.key === null;
  return {
    source: understood?.tool ?? 'unknown',
    reason: understood === null ? 'unknown' : 'failed',
    origin: said?.origin ?? null,
    originTimestamp: said?.originTimestamp ?? null,
    attempt: said?.attempt ?? 0,
    errorClass: said?.errorClass ?? '',
    errorMessage: said?.errorMessage ?? '',
    firstFailedAt: said?.firstFailedAt ?? null,
    deadLetteredAt: said?.deadLetteredAt ?? written,
    keyAtOrigin: absent,
    valueAtOrigin: absent,
  };
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && WHOLE_NUMBER.test(text) && Number(text) < NUMBER_LIMIT ? Number(text) : null;
}
