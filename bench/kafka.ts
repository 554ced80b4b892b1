import RdKafka from '@confluentinc/kafka-javascript';
import type { Message } from '@confluentinc/kafka-javascript';
import type { Stack } from '../dev/stack/stack.ts';

export const PARTITIONS = 6;

type Admin = ReturnType<InstanceType<typeof RdKafka.KafkaJS.Kafka>['admin']>;

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  namespace: () => quiet,
  setLogLevel: () => undefined,
};

/** Topics and where they end. */
export async function connectAdmin(stack: Stack): Promise<Admin> {
  const options = { 'metadata.broker.list': stack.kafka.brokers.join(','), kafkaJS: { logger: quiet } };
  const admin = new RdKafka.KafkaJS.Kafka(options as never).admin();
  await admin.connect();
  return admin;
}

export async function createTopics(admin: Admin, names: readonly string[]): Promise<void> {
  await admin.createTopics({
    topics: names.map((topic) => ({
      topic,
      numPartitions: PARTITIONS,
      replicationFactor: 1,
      // Some records say that they are old.
      configEntries: [{ name: 'retention.ms', value: '-1' }],
    })),
  });
}

/** The topics of a route, made with a connection of their own. */
export async function createRouteTopics(
  stack: Stack,
  id: string,
): Promise<Readonly<Record<'topic' | 'retryTopic' | 'deadLetterTopic', string>>> {
  const topics = { topic: id, retryTopic: `${id}.retry`, deadLetterTopic: `${id}.dlq` };
  const admin = await connectAdmin(stack);
  await createTopics(admin, Object.values(topics));
  await admin.disconnect();
  return topics;
}

/** Resolves when the topic holds `count` records, with the time (performance.now) at which that was seen. */
export async function untilTopicHolds(admin: Admin, topic: string, count: number): Promise<number> {
  for (;;) {
    const offsets = await admin.fetchTopicOffsets(topic);
    if (offsets.reduce((sum, { high }) => sum + Number(high), 0) >= count) return performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** One record to write. */
export interface Outgoing {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | string>[];
  /** Epoch ms; default: now. */
  readonly timestamp?: number;
}

/** Writes records in order and resolves when Kafka has acknowledged all. */
export async function produceAll(stack: Stack, topic: string, records: Iterable<Outgoing>): Promise<void> {
  const producer = new RdKafka.Producer(
    {
      'metadata.broker.list': stack.kafka.brokers.join(','),
      'enable.idempotence': true,
      'linger.ms': 5,
      'queue.buffering.max.messages': 500_000,
      dr_cb: true,
    },
    {},
  );
  await new Promise<void>((resolve) => {
    producer.connect({}, () => {
      resolve();
    });
  });
  producer.setPollInBackground(true);
  let waiting = 0;
  let drained: (() => void) | null = null;
  producer.on('delivery-report', (error) => {
    if ((error as unknown) !== null) throw new Error(error.message);
    waiting--;
    if (waiting < 50_000) drained?.();
  });
  for (const { partition, key, value, headers, timestamp } of records) {
    producer.produce(topic, partition, value, key, timestamp, 0, headers);
    if (++waiting >= 100_000) await new Promise<void>((resolve) => (drained = resolve));
  }
  await new Promise<void>((resolve) => {
    producer.disconnect(60_000, () => {
      resolve();
    });
  });
}

/** Hands over every record of a topic as it comes, until `take` answers false. */
export async function readTopic(
  stack: Stack,
  topic: string,
  take: (message: Message) => boolean,
): Promise<void> {
  const consumer = new RdKafka.KafkaConsumer(
    {
      'metadata.broker.list': stack.kafka.brokers.join(','),
      'group.id': `${topic}-reader`,
      'enable.auto.commit': false,
      'fetch.wait.max.ms': 500,
      'fetch.queue.backoff.ms': 1,
    },
    {},
  );
  await new Promise<void>((resolve) => {
    consumer.connect({}, () => {
      resolve();
    });
  });
  (
    consumer as never as { setDefaultIsTimeoutOnlyForFirstMessage(on: boolean): void }
  ).setDefaultIsTimeoutOnlyForFirstMessage(true);
  consumer.setDefaultConsumeTimeout(100);
  consumer.assign(Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 })));
  for (let goesOn = true; goesOn;) {
    const messages = await new Promise<Message[]>((resolve) => {
      consumer.consume(1_000, (_error, found) => {
        resolve(found);
      });
    });
    for (const message of messages) goesOn &&= take(message);
  }
  await new Promise<void>((resolve) => {
    consumer.disconnect(() => {
      resolve();
    });
  });
}
