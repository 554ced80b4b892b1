import { delayAfter, jittered } from '../domain/backoff.ts';
import type { BackoffPolicy } from '../domain/backoff.ts';
import { capped } from '../domain/capped.ts';
import { ERROR_CLASS_LIMIT, ERROR_MESSAGE_LIMIT } from '../domain/header-names.ts';
import { applicationHeaders } from '../domain/outgoing-headers.ts';
import { firstRetryOffsetOf } from '../domain/place.ts';
import { contentSize } from '../domain/record.ts';
import type { KafkaRecord } from '../domain/record.ts';
import { readRetryRecord } from '../domain/retry-record.ts';
import { retryUnit } from '../domain/unit.ts';
import type { Arrival } from '../penalty-box/entry.ts';
import { encodePayload, withoutContent } from '../penalty-box/payload.ts';
import type { Payload } from '../penalty-box/payload.ts';

export interface ArrivalPolicy {
  readonly mainTopic: string;
  readonly ordering: 'key' | 'none';
  readonly backoff: BackoffPolicy;
  readonly maxAttempts: number;
}

/** To leave out less than this saves nothing, bytes: its length is kept instead. */
const NOT_WORTH_IT = 32;

/**
 * What a retry record means for the box. Pure; `now` in epoch ms, `random` in [0, 1). Headers and value of more than
 * `inlineUpTo` bytes stay in the retry topic.
 */
export function readArrival(
  record: KafkaRecord,
  policy: ArrivalPolicy,
  now: number,
  random: number,
  inlineUpTo = Infinity,
): Arrival {
  const retry = readRetryRecord(record, { mainTopic: policy.mainTopic, now });
  const malformed = retry.malformed !== null;
  const origin = retry.own && !malformed ? retry.origin.offset : null;
  // Where a foreign message comes again, it is still the unit that its first retry record was.
  const placed = retry.carried?.place ? firstRetryOffsetOf(retry.carried.place) : null;
  const foreignId = placed ?? (retry.origin.topic === record.topic ? retry.origin.offset : record.offset);
  const unit = malformed
    ? retryUnit({ key: null }, policy.ordering, null, placed ?? record.offset)
    : retryUnit(record, policy.ordering, origin, foreignId);
  const usedUp = malformed || retry.fatal || retry.attempt >= policy.maxAttempts;
  const backoff =
    retry.attempt > 0
      ? jittered(delayAfter(policy.backoff, retry.attempt), policy.backoff.jitter, random)
      : 0;
  const whole: Payload = {
    origin: retry.origin,
    originTimestamp: retry.originTimestamp,
    key: unit[0] === 0x6b ? null : record.key,
    value: record.value,
    valueAtOrigin: retry.valueAtOrigin,
    redrive: retry.redrive,
    leftOut: null,
    headers: applicationHeaders(record.headers),
    errorClass: capped(malformed ? 'MalformedRetryRecord' : retry.errorClass, ERROR_CLASS_LIMIT),
    errorMessage: capped(retry.malformed ?? retry.errorMessage, ERROR_MESSAGE_LIMIT),
  };
  return {
    retryOffset: record.offset,
    unit,
    origin,
    token: retry.token,
    claim: retry.claim,
    announced: retry.announced,
    failedAt: retry.failedAt,
    delay: retry.carried ? retry.delay : usedUp ? 0 : Math.max(backoff, retry.delay),
    notBefore: usedUp ? 0 : retry.notBefore,
    attempt: retry.attempt,
    fatal: retry.fatal,
    malformed,
    carried: retry.carried,
    redrive: retry.redrive,
    payload: encodePayload(
      contentSize(whole) > Math.max(inlineUpTo, NOT_WORTH_IT) ? withoutContent(whole) : whole,
      {
        topic: policy.mainTopic,
        partition: record.partition,
      },
    ),
  };
}
