import { capped } from './capped.ts';
import { ERROR_CLASS_LIMIT, ERROR_MESSAGE_LIMIT, HEADER, HEADER_PREFIX } from './header-names.ts';
import type { Place } from './place.ts';
import type { Header, Origin, OutgoingHeader } from './record.ts';

/** Why a message left for the dead-letter topic. */
export type DeadLetterReason =
  'exhausted' | 'fatal' | 'expired' | 'malformed' | 'undeliverable' | 'unanswered' | 'operator';

/** What a gate announced: the headers under which its consumer publishes the record to the retry topic. */
export interface Announcement {
  readonly route: string;
  readonly origin: Origin;
  /** 1 after the first failure, 0 for a follower. */
  readonly attempt: number;
  readonly errorClass: string;
  readonly errorMessage: string;
  readonly fatal: boolean;
  readonly claim: string;
  /** Epoch ms, 0 = none. */
  readonly notBefore: number;
}

export function announcementHeaders(announced: Announcement): Record<string, string> {
  const headers: Record<string, string> = {
    [HEADER.route]: announced.route,
    [HEADER.originTopic]: announced.origin.topic,
    [HEADER.originPartition]: String(announced.origin.partition),
    [HEADER.originOffset]: String(announced.origin.offset),
    [HEADER.attempt]: String(announced.attempt),
    [HEADER.reason]: announced.attempt > 0 ? 'failed' : 'behind',
    [HEADER.claim]: announced.claim,
  };
  if (announced.attempt > 0) {
    headers[HEADER.errorClass] = capped(announced.errorClass, ERROR_CLASS_LIMIT);
    headers[HEADER.errorMessage] = capped(announced.errorMessage, ERROR_MESSAGE_LIMIT);
  }
  if (announced.fatal) headers[HEADER.fatal] = 'true';
  if (announced.notBefore > 0) headers[HEADER.notBefore] = String(announced.notBefore);
  return headers;
}

/** What a message carries on every way out of the box. */
export interface Departure {
  /** `placeHeaders` of its route, origin topic and partition: the same for nearly all messages of a shard. */
  readonly place: readonly OutgoingHeader[];
  readonly originOffset: number;
  /** Epoch ms, the timestamp of the record where it was first read; null = unknown. */
  readonly originTimestamp: number | null;
  readonly applicationHeaders: readonly Header[];
  /** The redrive that it came by last, '' = none. */
  readonly redrive: string;
}

export function placeHeaders(
  route: string,
  { topic, partition }: Pick<Origin, 'topic' | 'partition'>,
): OutgoingHeader[] {
  return [
    header(HEADER.route, route),
    header(HEADER.originTopic, topic),
    header(HEADER.originPartition, String(partition)),
  ];
}

export function redeliveryHeaders(departure: Departure, attempt: number, token: string): OutgoingHeader[] {
  return [
    ...departure.applicationHeaders,
    ...departureHeaders(departure),
    header(HEADER.attempt, String(attempt)),
    header(HEADER.delivery, token),
  ];
}

export interface DeadLetterFacts {
  readonly attempt: number;
  readonly reason: DeadLetterReason;
  /** Epoch ms, 0 = it never failed. */
  readonly firstFailedAt: number;
  readonly deadLetteredAt: number;
  readonly errorClass: string;
  readonly errorMessage: string;
}

export function deadLetterHeaders(departure: Departure, facts: DeadLetterFacts): OutgoingHeader[] {
  return [
    ...departure.applicationHeaders,
    ...departureHeaders(departure),
    ...failureHeaders(facts),
    header(HEADER.deadLetterReason, facts.reason),
    header(
      HEADER.firstFailedAt,
      String(facts.firstFailedAt > 0 ? facts.firstFailedAt : facts.deadLetteredAt),
    ),
    header(HEADER.deadLetteredAt, String(facts.deadLetteredAt)),
    ...redriveHeaders(departure),
  ];
}

/** What is told of an entry by a copy of its retry record. Durations in ms, times in epoch ms. */
export interface CarriedFacts {
  /** Retry offset of the record that is copied. */
  readonly original: number;
  /** Where the origin is foreign. */
  readonly place: Place | null;
  readonly attempt: number;
  readonly wait: number;
  readonly unanswered: number;
  /** 0 = never. */
  readonly firstFailedAt: number;
  readonly fatal: boolean;
  readonly malformed: boolean;
  readonly announced: boolean;
  readonly errorClass: string;
  readonly errorMessage: string;
  readonly valueAtOrigin: boolean;
}

export function carriedHeaders(departure: Departure, facts: CarriedFacts): OutgoingHeader[] {
  const headers = [
    ...departure.applicationHeaders,
    ...departureHeaders(departure),
    ...failureHeaders(facts),
    header(HEADER.carried, String(facts.original)),
    header(HEADER.delay, String(facts.wait)),
    ...redriveHeaders(departure),
  ];
  const add = (name: string, value: string): unknown => headers.push(header(name, value));
  if (facts.place !== null) add(HEADER.carriedPlace, facts.place.toString('hex'));
  if (facts.firstFailedAt > 0) add(HEADER.firstFailedAt, String(facts.firstFailedAt));
  if (facts.unanswered > 0) add(HEADER.unanswered, String(facts.unanswered));
  if (facts.fatal) add(HEADER.fatal, 'true');
  if (facts.malformed) add(HEADER.deadLetterReason, 'malformed');
  // Under which claim is not known any more, nor asked of a copy.
  if (facts.announced) add(HEADER.claim, '0');
  if (facts.valueAtOrigin) add(HEADER.value, 'origin');
  return headers;
}

/** The application's own headers: bytes, order and repetitions as they were. */
export function applicationHeaders(headers: readonly Header[]): Header[] {
  return headers.filter(([name]) => !name.startsWith(HEADER_PREFIX));
}

function failureHeaders({
  attempt,
  errorClass,
  errorMessage,
}: Pick<DeadLetterFacts, 'attempt' | 'errorClass' | 'errorMessage'>): OutgoingHeader[] {
  const headers = [
    header(HEADER.attempt, String(attempt)),
    header(HEADER.reason, attempt > 0 ? 'failed' : 'behind'),
  ];
  if (errorClass !== '') headers.push(header(HEADER.errorClass, capped(errorClass, ERROR_CLASS_LIMIT)));
  if (errorMessage !== '')
    headers.push(header(HEADER.errorMessage, capped(errorMessage, ERROR_MESSAGE_LIMIT)));
  return headers;
}

function departureHeaders({ place, originOffset, originTimestamp }: Departure): OutgoingHeader[] {
  const headers = [...place, header(HEADER.originOffset, String(originOffset))];
  if (originTimestamp !== null) headers.push(header(HEADER.originTimestamp, String(originTimestamp)));
  return headers;
}

/** Without it, what fails for good again would look like a second copy of the same dead letter. */
function redriveHeaders({ redrive }: Departure): OutgoingHeader[] {
  return redrive === '' ? [] : [header(HEADER.redrive, redrive)];
}

function header(name: string, value: string): OutgoingHeader {
  return [name, value];
}
