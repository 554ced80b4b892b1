import { connect, shareGroup, streams } from './foreign/apache-kafka.ts';
import type { Convention, ForeignRetry } from './foreign/convention.ts';
import { greyhound } from './foreign/greyhound.ts';
import { HeaderReader } from './foreign/header-reader.ts';
import { kafkaResilience } from './foreign/kafka-resilience.ts';
import { kafkajsAsyncRetry } from './foreign/kafkajs-async-retry.ts';
import { springDeadLetter, springRetryTopic } from './foreign/spring.ts';
import type { KafkaRecord } from './record.ts';

// A record may carry the headers of several tools, one after the other: those that count attempts know more of it.
const conventions: readonly Convention[] = [
  springRetryTopic,
  kafkajsAsyncRetry,
  greyhound,
  kafkaResilience,
  shareGroup,
  springDeadLetter,
  connect,
  streams,
];

/** Null where no known convention explains the record. Never throws, whatever the headers hold. */
export function understandForeign(record: Pick<KafkaRecord, 'headers'>): ForeignRetry | null {
  const headers = new HeaderReader(record.headers);
  for (const convention of conventions) {
    const understood = convention(headers);
    if (understood) return understood;
  }
  return null;
}
