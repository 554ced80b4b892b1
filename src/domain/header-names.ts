/** The headers of the contract between consumers, Kafka and this service. */
export const HEADER = {
  route: 'x-retry-route',
  originTopic: 'x-retry-origin-topic',
  originPartition: 'x-retry-origin-partition',
  originOffset: 'x-retry-origin-offset',
  originTimestamp: 'x-retry-origin-timestamp',
  attempt: 'x-retry-attempt',
  reason: 'x-retry-reason',
  errorClass: 'x-retry-error-class',
  errorMessage: 'x-retry-error-message',
  claim: 'x-retry-claim',
  notBefore: 'x-retry-not-before',
  delay: 'x-retry-delay-ms',
  fatal: 'x-retry-fatal',
  value: 'x-retry-value',
  unannounced: 'x-retry-unannounced',
  delivery: 'x-retry-delivery',
  journal: 'x-retry-journal',
  carried: 'x-retry-carried',
  carriedPlace: 'x-retry-carried-place',
  unanswered: 'x-retry-unanswered',
  deadLetterReason: 'x-retry-dead-letter-reason',
  firstFailedAt: 'x-retry-first-failed-at',
  deadLetteredAt: 'x-retry-dead-lettered-at',
  redrive: 'x-retry-redrive',
  keptAt: 'x-retry-kept-at',
} as const;

/** Everything that begins so is ours; the application's own headers are never touched. */
export const HEADER_PREFIX = 'x-retry-';

/** Characters of a redrive's id that count. */
export const REDRIVE_ID_LIMIT = 255;

/** Bytes that an error may take in a header. */
export const ERROR_CLASS_LIMIT = 256;
export const ERROR_MESSAGE_LIMIT = 1024;
