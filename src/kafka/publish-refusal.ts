import { asError } from './called-back.ts';
import type { SendResult } from './send.ts';

// What a real broker answers is looked at in test/integration/kafka/refusals.test.ts.
const QUEUE_FULL = -184;
const MESSAGE_TOO_LARGE = 10;
const RECORD_LIST_TOO_LARGE = 18;
const TOPIC_AUTHORIZATION_FAILED = 29;
const INVALID_TIMESTAMP = 32;
const INVALID_RECORD = 87;
const INVALID_DIFFERENT_RECORD = -138;

/** Kafka refuses a batch as a whole: who was in it with the culprit hears the same. */
const OF_A_BATCH = [INVALID_TIMESTAMP, INVALID_RECORD, INVALID_DIFFERENT_RECORD];

/**
 * What an error of a publish says about its record. Only what Kafka answers about this record, and would answer again, is a
 * refusal. All else concerns every record (a broker is down, replicas are missing, the topic is gone), or nobody knows.
 */
export function refusalOf(error: unknown): SendResult {
  const { code } = error as { code?: number };
  if (code === QUEUE_FULL) return { kind: 'unknown', error: new Error('the producer queue is full') };
  const cause = asError(error);
  if (code === MESSAGE_TOO_LARGE || code === RECORD_LIST_TOO_LARGE)
    return { kind: 'too-large', error: cause };
  if (code === TOPIC_AUTHORIZATION_FAILED) return { kind: 'refused', error: cause, withOthers: false };
  if (OF_A_BATCH.includes(code ?? 0)) return { kind: 'refused', error: cause, withOthers: true };
  return { kind: 'unknown', error: cause };
}
