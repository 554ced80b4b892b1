import type { Header } from '../record.ts';

/**
 * What retry and dead-letter tools write into a record for themselves. A message that gets a fresh start must not carry it:
 * Spring would count on from `retry_topic-attempts` and give it up at once, take `springDeserializerException…` for a value
 * that can't be read, and append to `kafka_dlt-…` until the record is too large.
 */
const PREFIXES = [
  'retry_topic-',
  'kafka_original-',
  'kafka_exception-',
  'kafka_dlt-',
  'springDeserializerException',
  '__connect.errors.',
  '__streams.errors.',
  '__dlq.errors.',
  'x-dlq-',
  'GH_',
];
const NAMES = new Set(['kafka_deliveryAttempt', 'asyncRetry']);
/** Greyhound's too, but an application may well have its own: they go only where Greyhound's mark is beside them. */
const GREYHOUND = new Set(['submitTimestamp', 'backOffTimeMs']);
const GREYHOUND_MARK = 'GH_RetryAttempt';

/** The headers without what such tools wrote. All others stay as they are: bytes, order and repetitions. */
export function withoutBookkeeping(headers: readonly Header[]): Header[] {
  const greyhound = headers.some(([name]) => name === GREYHOUND_MARK);
  return headers.filter(
    ([name]) =>
      !NAMES.has(name) &&
      !(greyhound && GREYHOUND.has(name)) &&
      !PREFIXES.some((prefix) => name.startsWith(prefix)),
  );
}
