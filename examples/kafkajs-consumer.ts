// A consumer with the gate, in the KafkaJS style of @confluentinc/kafka-javascript.
import RdKafka from '@confluentinc/kafka-javascript';
// In a project of yours: from 'retry-orchestrator/gate'.
import { kafkaJsPublisher, KafkaJsGate } from '../src/gate/index.ts';
import { brokers, handleOrder, names, service, untilStopped } from './orders.ts';

const kafka = new RdKafka.KafkaJS.Kafka({ kafkaJS: { brokers: brokers.split(',') } });

const producer = kafka.producer({ kafkaJS: { idempotent: true }, 'linger.ms': 1 });
await producer.connect();

const gate = new KafkaJsGate({
  service, // or several addresses; any replica answers
  route: names.route,
  topic: names.topic,
  publish: kafkaJsPublisher(producer, { retryTopic: names.retryTopic }),
  onEvent: (event) => {
    if (event.type !== 'finished') console.log(event);
  },
});

const consumer = kafka.consumer({
  kafkaJS: { groupId: names.consumerGroup, fromBeginning: true },
  rebalance_cb: gate.rebalance, // without it no record is handled
});
gate.attach(consumer);
await consumer.connect();
await consumer.subscribe({ topic: names.topic });
await consumer.run({
  eachMessage: gate.eachMessage(({ message }, { attempt }) => handleOrder(message.value, attempt)),
});
await untilStopped();
await consumer.disconnect();
await gate.close();
await producer.disconnect();
