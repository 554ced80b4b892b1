import { connect, shareGroup, streams } from './foreign/apache-kafka.ts';
import type { Convention, ForeignRetry } from './foreign/convention.ts';
import { greyhound } from './foreign/greyhound.ts';
import { HeaderReader } from './foreign/header-reader.ts';
import { kafkaResilience, kafkaResilienceDeadLetter } from './foreign/kafka-resilience.ts';
import { kafkajsAsyncRetry } from './foreign/kafkajs-async-retry.ts';
import { springDeadLetter, springRetryTopic } from './foreign/spring.ts';
import type { KafkaRecord } from './record.ts';

/** Whose headers they are. */
export type ForeignTool =
  'spring' | 'kafkajs-async-retry' | 'greyhound' | 'kafka-resilience' | 'share-group' | 'connect' | 'streams';

export interface Understood {
  readonly tool: ForeignTool;
  readonly said: ForeignRetry;
}

// A record may carry the headers of several tools, one after the other: those that count attempts know more of it.
const conventions: readonly (readonly [ForeignTool, Convention])[] = [
  ['spring', springRetryTopic],
  ['kafkajs-async-retry', kafkajsAsyncRetry],
  ['greyhound', greyhound],
  ['kafka-resilience', kafkaResilience],
  ['share-group', shareGroup],
  ['spring', springDeadLetter],
  ['connect', connect],
  ['streams', streams],
];

/** Null where no known convention explains the record. Never throws, whatever the headers hold. */
export function understandForeign(record: Pick<KafkaRecord, 'headers'>): ForeignRetry | null {
  const headers = new HeaderReader(record.headers);
  for (const [, convention] of conventions) {
    const said = convention(headers);
    if (said) return said;
  }
  return null;
}

// What a tool gives up for good carries other headers than what it tries again.
const givenUp: readonly (readonly [ForeignTool, Convention])[] = [
  ['kafka-resilience', kafkaResilienceDeadLetter],
  ...conventions,
];

/** The same of a dead letter, and who wrote it. */
export function understandForeignDeadLetter(record: Pick<KafkaRecord, 'headers'>): Understood | null {
  const headers = new HeaderReader(record.headers);
  for (const [tool, convention] of givenUp) {
    const said = convention(headers);
    if (said) return { tool, said };
  }
  return null;
}
