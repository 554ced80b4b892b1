import { parseToken } from './delivery-token.ts';
import type { DeliveryToken } from './delivery-token.ts';
import { HEADER, REDRIVE_ID_LIMIT } from './header-names.ts';
import { headerText } from './record.ts';
import type { Place } from './place.ts';
import type { KafkaRecord, Origin } from './record.ts';
import type { ForeignRetry } from './foreign/convention.ts';
import { understandForeign } from './foreign-headers.ts';

/** What the headers of a retry record say. Times in epoch ms, delays in ms. */
export interface RetryRecord {
  readonly origin: Origin;
  /** The origin lies in the route's main topic and in the partition that this shard belongs to. */
  readonly own: boolean;
  /** Handler attempts so far; 0 for a follower. */
  readonly attempt: number;
  /** When it failed. */
  readonly failedAt: number;
  readonly notBefore: number;
  /** Delay asked for by its producer, 0 = none. */
  readonly delay: number;
  readonly fatal: boolean;
  readonly errorClass: string;
  readonly errorMessage: string;
  /** The claim under which a gate announced it, '' = not by a gate. */
  readonly claim: string;
  readonly announced: boolean;
  /** The delivery that failed, where its consumer kept the headers. */
  readonly token: DeliveryToken | null;
  /** The original timestamp, epoch ms, or null where nothing says it. */
  readonly originTimestamp: number | null;
  /** The value is to be read at the origin. */
  readonly valueAtOrigin: boolean;
  /** Why it can't be read; such a record goes to the dead-letter topic. */
  readonly malformed: string | null;
  /** A copy by which this service keeps an old record alive. */
  readonly carried: CarriedRecord | null;
  /** A dead letter that somebody wants to be tried again, by this id: a new entry whatever is known. '' = it is none. */
  readonly redrive: string;
}

/** What a copy of an old retry record says besides: the record that it stands for, and what has happened since. */
export interface CarriedRecord {
  /** Retry offset of the record that it was made of. */
  readonly original: number;
  /** Of a foreign origin, which can't tell its place by itself. */
  readonly place: Place | null;
  /** Epoch ms, 0 = it never failed. */
  readonly firstFailedAt: number;
  readonly unanswered: number;
}

/** A producer's clock may be wrong: a time of failure further ahead than this is taken as now. */
const CLOCK_SKEW_LIMIT = 60_000;

const WHOLE_NUMBER = /^[0-9]{1,15}$/;
const FOREIGN_PLACE = /^[0-9a-f]{32}$/;

interface Home {
  readonly mainTopic: string;
  readonly now: number;
}

/** Reads one record of a retry topic. Pure; never throws, whatever the headers hold. */
export function readRetryRecord(record: KafkaRecord, { mainTopic, now }: Home): RetryRecord {
  const text = (name: string): string | undefined => headerText(record.headers, name);
  const failedAt = record.timestamp > now + CLOCK_SKEW_LIMIT || record.timestamp < 0 ? now : record.timestamp;
  const position: Origin = { topic: record.topic, partition: record.partition, offset: record.offset };
  const unknown = {
    origin: position,
    own: false,
    attempt: 1,
    failedAt,
    notBefore: 0,
    delay: 0,
    fatal: false,
    errorClass: '',
    errorMessage: '',
    claim: '',
    announced: false,
    token: null,
    originTimestamp: null,
    valueAtOrigin: false,
    malformed: null,
    carried: null,
    redrive: '',
  };
  const hints = {
    notBefore: wholeNumber(text(HEADER.notBefore)) ?? 0,
    delay: wholeNumber(text(HEADER.delay)) ?? 0,
    fatal: text(HEADER.fatal) === 'true',
    errorClass: text(HEADER.errorClass) ?? '',
    errorMessage: text(HEADER.errorMessage) ?? '',
    originTimestamp: wholeNumber(text(HEADER.originTimestamp)) ?? null,
    valueAtOrigin: text(HEADER.value) === 'origin',
    redrive: (text(HEADER.redrive) ?? '').slice(0, REDRIVE_ID_LIMIT),
  };

  const topic = text(HEADER.originTopic);
  const partition = text(HEADER.originPartition);
  const offset = text(HEADER.originOffset);
  const attempt = text(HEADER.attempt);
  if (topic === undefined && partition === undefined && offset === undefined) {
    const foreign = understandForeign(record);
    if (foreign) return foreignRecord(foreign);
    const attempts = attempt === undefined ? 1 : wholeNumber(attempt);
    if (attempts === undefined) {
      return { ...unknown, ...hints, malformed: malformedHeader(HEADER.attempt, attempt) };
    }
    return { ...unknown, ...hints, attempt: cappedAttempt(attempts) };
  }

  function foreignRecord(foreign: ForeignRetry): RetryRecord {
    const origin = foreign.origin ?? position;
    return {
      ...unknown,
      ...hints,
      origin,
      own: origin.topic === mainTopic && origin.partition === record.partition,
      attempt: cappedAttempt(foreign.attempt),
      notBefore: Math.max(hints.notBefore, foreign.notBefore ?? 0),
      errorClass: foreign.errorClass ?? '',
      errorMessage: foreign.errorMessage ?? '',
      originTimestamp: foreign.originTimestamp ?? null,
    };
  }

  const originPartition = wholeNumber(partition);
  const originOffset = wholeNumber(offset);
  const attempts = attempt === undefined ? 1 : wholeNumber(attempt);
  const problem =
    topic === undefined || topic === ''
      ? malformedHeader(HEADER.originTopic, topic)
      : originPartition === undefined
        ? malformedHeader(HEADER.originPartition, partition)
        : originOffset === undefined
          ? malformedHeader(HEADER.originOffset, offset)
          : attempts === undefined
            ? malformedHeader(HEADER.attempt, attempt)
            : null;
  if (
    problem !== null ||
    topic === undefined ||
    originPartition === undefined ||
    originOffset === undefined
  ) {
    return { ...unknown, ...hints, malformed: problem ?? malformedHeader(HEADER.originTopic, topic) };
  }
  const own = topic === mainTopic && originPartition === record.partition;
  if (hints.valueAtOrigin && !own) {
    // Nobody makes this service read topics that are not the route's.
    return {
      ...unknown,
      ...hints,
      valueAtOrigin: false,
      malformed: 'the value is said to lie at an origin outside the route',
    };
  }
  // Who redrives announces nothing: what is known of the key stays as it is.
  const claim = hints.redrive === '' ? (text(HEADER.claim) ?? '') : '';
  const delivery = text(HEADER.delivery);
  return {
    ...unknown,
    ...hints,
    origin: { topic, partition: originPartition, offset: originOffset },
    own,
    attempt: cappedAttempt(attempts ?? 1),
    claim,
    announced: claim !== '' && text(HEADER.unannounced) !== 'true',
    ...(delivery === undefined ? {} : laterError(record, text(HEADER.errorClass))),
    ...carriedFacts(text, own, now),
    token: delivery === undefined ? null : parseToken(delivery),
  };
}

/** A tool that knows nothing of us keeps our headers when a redelivered record fails, and says in its own why it did. */
function laterError(record: KafkaRecord, own: string | undefined) {
  if (own !== undefined) return {};
  const foreign = understandForeign(record);
  return foreign && { errorClass: foreign.errorClass ?? '', errorMessage: foreign.errorMessage ?? '' };
}

/** What a copy says of itself. Its times begin when it is read. */
function carriedFacts(text: (name: string) => string | undefined, own: boolean, now: number) {
  const original = wholeNumber(text(HEADER.carried));
  if (original === undefined) return {};
  const written = text(HEADER.carriedPlace) ?? '';
  const place = FOREIGN_PLACE.test(written) ? Buffer.from(written, 'hex') : null;
  if (!own && place === null) return {};
  const carried: CarriedRecord = {
    original,
    place: own ? null : place,
    firstFailedAt: wholeNumber(text(HEADER.firstFailedAt)) ?? 0,
    unanswered: cappedAttempt(wholeNumber(text(HEADER.unanswered)) ?? 0),
  };
  const malformed = text(HEADER.deadLetterReason) === 'malformed' ? (text(HEADER.errorMessage) ?? '') : null;
  return { carried, failedAt: now, malformed };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && WHOLE_NUMBER.test(text) && Number(text) < 2 ** 47 ? Number(text) : undefined;
}

/** Attempts are kept in two bytes. */
function cappedAttempt(attempt: number): number {
  return Math.min(attempt, 65_535);
}

function malformedHeader(name: string, value: string | undefined): string {
  if (value === undefined) return `header ${name} is missing, though other origin headers are there`;
  return `header ${name} can't be read`;
}
