import { type Convention, originOf } from './convention.ts';
import {
  bigEndian,
  bigEndianInt,
  bigEndianLong,
  type Decode,
  text,
  topicName,
  validAttempt,
} from './decode.ts';
import type { HeaderReader } from './header-reader.ts';

/** Spring Kafka's `@RetryableTopic`. It can write its originals under the names of the recoverer too. */
export const springRetryTopic: Convention = (headers) => {
  const attempt = headers.last('retry_topic-attempts', attemptsSoFar);
  if (attempt === undefined) return null;
  return {
    attempt,
    notBefore: headers.last('retry_topic-backoff-timestamp', bigEndian),
    origin: original(headers, 'kafka_original-') ?? original(headers, 'kafka_dlt-original-'),
    originTimestamp:
      originalTimestamp(headers, 'kafka_original-') ??
      headers.first('retry_topic-original-timestamp', bigEndian),
    ...exception(headers, 'kafka_exception-'),
  };
};

/** Spring Kafka's `DeadLetterPublishingRecoverer`. It does not count attempts. */
export const springDeadLetter: Convention = (headers) => {
  const origin = original(headers, 'kafka_dlt-original-');
  if (origin === undefined) return null;
  return {
    attempt: 1,
    origin,
    originTimestamp: originalTimestamp(headers, 'kafka_dlt-original-'),
    ...exception(headers, 'kafka_dlt-exception-'),
  };
};

/** The header has the attempt to come: 2 for the first retry. One unsigned byte in older versions. */
const attemptsSoFar: Decode<number> = (bytes) => {
  const coming = bytes.length === 1 ? bytes[0] : bigEndianInt(bytes);
  return coming === undefined ? undefined : validAttempt(coming - 1);
};

// Each hop appends its own originals: the first are those of the record as it was first read.
function original(headers: HeaderReader, prefix: string): ReturnType<typeof originOf> {
  return originOf(
    headers.first(`${prefix}topic`, topicName),
    headers.first(`${prefix}partition`, bigEndianInt),
    headers.first(`${prefix}offset`, bigEndianLong),
  );
}

function originalTimestamp(headers: HeaderReader, prefix: string): number | undefined {
  return headers.first(`${prefix}timestamp`, bigEndianLong);
}

function exception(
  headers: HeaderReader,
  prefix: string,
): { errorClass: string | undefined; errorMessage: string | undefined } {
  return {
    // The exception itself is Spring's ListenerExecutionFailedException, whatever went wrong.
    errorClass: headers.last(`${prefix}cause-fqcn`, text) ?? headers.last(`${prefix}fqcn`, text),
    errorMessage: headers.last(`${prefix}message`, text),
  };
}
