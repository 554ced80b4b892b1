// Creates the topics that are missing, and sends 50 orders of four events each: for all examples, in whatever language.
import RdKafka from '@confluentinc/kafka-javascript';
import { brokers, retryTopic, topic } from './typescript/orders.ts';

const PARTITIONS = 6;
/** Retry and dead-letter topics have room for the headers that come on top. */
const ROOM = { name: 'max.message.bytes', value: String(1_048_588 + 64 * 1_024) };

const kafka = new RdKafka.KafkaJS.Kafka({ kafkaJS: { brokers: brokers.split(',') } });

const admin = kafka.admin();
await admin.connect();
await admin.createTopics({
  // The same number of partitions everywhere.
  topics: [topic, retryTopic, `${topic}.dlq`].map((name) => ({
    topic: name,
    numPartitions: PARTITIONS,
    configEntries: name === topic ? [] : [ROOM],
  })),
});
await admin.disconnect();

const producer = kafka.producer({ kafkaJS: { idempotent: true } });
await producer.connect();
const orders = Array.from({ length: 50 }, (_, number) => `order-${number}`);
await producer.send({
  topic,
  messages: ['created', 'paid', 'packed', 'shipped'].flatMap((event, seq) =>
    orders.map((order) => ({ key: order, value: JSON.stringify({ order, seq, event }) })),
  ),
});
await producer.disconnect();
