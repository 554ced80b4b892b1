/**
 * Errors of the Kafka client that have a name of their own in the metrics, as librdkafka calls them (rd_kafka_err2name). What is
 * not here is `other`: so the label is bounded whatever a broker answers.
 */
const NAMES = {
  [-197]: '_DESTROY',
  [-196]: '_FAIL',
  [-195]: '_TRANSPORT',
  [-193]: '_RESOLVE',
  [-192]: '_MSG_TIMED_OUT',
  [-190]: '_UNKNOWN_PARTITION',
  [-188]: '_UNKNOWN_TOPIC',
  [-187]: '_ALL_BROKERS_DOWN',
  [-185]: '_TIMED_OUT',
  [-184]: '_QUEUE_FULL',
  [-181]: '_SSL',
  [-169]: '_AUTHENTICATION',
  [-150]: '_FATAL',
  [-147]: '_MAX_POLL_EXCEEDED',
  [-144]: '_FENCED',
  [-142]: '_ASSIGNMENT_LOST',
  [-140]: '_AUTO_OFFSET_RESET',
  [-139]: '_LOG_TRUNCATION',
  1: 'OFFSET_OUT_OF_RANGE',
  3: 'UNKNOWN_TOPIC_OR_PART',
  5: 'LEADER_NOT_AVAILABLE',
  6: 'NOT_LEADER_FOR_PARTITION',
  7: 'REQUEST_TIMED_OUT',
  10: 'MSG_SIZE_TOO_LARGE',
  14: 'COORDINATOR_LOAD_IN_PROGRESS',
  15: 'COORDINATOR_NOT_AVAILABLE',
  16: 'NOT_COORDINATOR',
  19: 'NOT_ENOUGH_REPLICAS',
  20: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  22: 'ILLEGAL_GENERATION',
  25: 'UNKNOWN_MEMBER_ID',
  27: 'REBALANCE_IN_PROGRESS',
  29: 'TOPIC_AUTHORIZATION_FAILED',
  30: 'GROUP_AUTHORIZATION_FAILED',
  31: 'CLUSTER_AUTHORIZATION_FAILED',
  45: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  47: 'INVALID_PRODUCER_EPOCH',
  56: 'KAFKA_STORAGE_ERROR',
  58: 'SASL_AUTHENTICATION_FAILED',
} as const;

export type KafkaCode = (typeof NAMES)[keyof typeof NAMES] | 'other';

export const KAFKA_CODES: readonly KafkaCode[] = [...Object.values(NAMES), 'other'];

/** What an error of the client is called; `other`: one without a number, or with one that is not listed. */
export function kafkaCodeOf(error: unknown): KafkaCode {
  const { code } = (error ?? {}) as { code?: unknown };
  return isListed(code) ? NAMES[code] : 'other';
}

function isListed(code: unknown): code is keyof typeof NAMES {
  return typeof code === 'number' && Object.hasOwn(NAMES, code);
}
