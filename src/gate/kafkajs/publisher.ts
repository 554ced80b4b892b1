import { headerMap } from '../headers.ts';
import type { PublishRetries } from '../retry-record.ts';

export interface KafkaJsMessage {
  key: Buffer | null;
  value: Buffer | null;
  partition: number;
  headers: Record<string, Buffer | string | (Buffer | string)[]>;
}

/** What is used of the KafkaJS API's `Producer`. */
export interface KafkaJsProducerLike {
  send(record: { topic: string; messages: KafkaJsMessage[] }): Promise<unknown>;
}

/** Publishes through a connected producer of the KafkaJS API, made with `idempotent: true` (hence acks=all). */
export function kafkaJsPublisher(
  producer: KafkaJsProducerLike,
  { retryTopic }: { retryTopic: string },
): PublishRetries {
  return (records) =>
    producer.send({
      topic: retryTopic,
      // The client changes what it is given: every attempt gets objects of its own.
      messages: records.map(({ key, value, partition, headers }) => ({
        ...{ key, value, partition },
        headers: headerMap(headers),
      })),
    });
}
