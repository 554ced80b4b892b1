// A consumer with the gate, in the KafkaJS style of @confluentinc/kafka-javascript.
import RdKafka from '@confluentinc/kafka-javascript';
// In a project of yours: from 'retry-orchestrator/gate'.
import { kafkaJsPublisher, KafkaJsGate } from '../../src/gate/index.ts';
import {
  brokers,
  consumerGroup,
  handleOrder,
  retryTopic,
  route,
  service,
  sessionTimeoutMs,
  topic,
  untilStopped,
} from './orders.ts';

const { Kafka, logLevel } = RdKafka.KafkaJS;
// The client logs to stdout, which belongs to the results here.
const kafka = new Kafka({ kafkaJS: { brokers: brokers.split(','), logLevel: logLevel.NOTHING } });

// Only for the retry topic. Its order is what the order of the retries rests on: idempotent, every send awaited.
const producer = kafka.producer({ kafkaJS: { idempotent: true }, 'linger.ms': 1 });
await producer.connect();

const gate = new KafkaJsGate({
  service, // or several addresses; any replica answers
  route,
  topic,
  publish: kafkaJsPublisher(producer, { retryTopic }),
  onEvent: (event) => {
    if (event.type !== 'finished') console.error(event);
  },
});

const consumer = kafka.consumer({
  kafkaJS: { groupId: consumerGroup, fromBeginning: true, sessionTimeout: sessionTimeoutMs },
  rebalance_cb: gate.rebalance, // without it no record is handled
});
gate.attach(consumer);
await consumer.connect();
await consumer.subscribe({ topic });
await consumer.run({
  eachMessage: gate.eachMessage(({ message }, { attempt, origin }) => {
    handleOrder(message.value, origin, attempt);
  }),
});
await untilStopped();
await consumer.disconnect();
await gate.close();
await producer.disconnect();
