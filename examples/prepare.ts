// Creates the three topics that are missing, and sends 30 orders of three customers.
import RdKafka from '@confluentinc/kafka-javascript';
import { brokers, names } from './orders.ts';

const kafka = new RdKafka.KafkaJS.Kafka({ kafkaJS: { brokers: brokers.split(',') } });

const admin = kafka.admin();
await admin.connect();
await admin.createTopics({
  // The same number of partitions everywhere; retry and dead letters have room for the headers that come on top.
  topics: [names.topic, names.retryTopic, names.deadLetterTopic].map((topic) => ({
    topic,
    numPartitions: 3,
    configEntries:
      topic === names.topic ? [] : [{ name: 'max.message.bytes', value: String(1_048_588 + 64 * 1_024) }],
  })),
});
await admin.disconnect();

const producer = kafka.producer({ kafkaJS: { idempotent: true } });
await producer.connect();
await producer.send({
  topic: names.topic,
  messages: Array.from({ length: 30 }, (_, i) => ({
    key: `customer-${String(i % 3)}`,
    value: `order ${String(i + 1)} of customer-${String(i % 3)}, number ${String(Math.floor(i / 3) + 1)}`,
  })),
});
await producer.disconnect();
