import { expect, it } from '@jest/globals';
import type { KafkaJS, RdKafka } from '@confluentinc/kafka-javascript';
import {
  Gate,
  KafkaJsGate,
  RdKafkaRunner,
  kafkaJsPublisher,
  rdKafkaPublisher,
} from '../../../src/gate/index.ts';

/** Never called: that it compiles says that the adapters fit the client's own types. */
async function usage(
  kafka: KafkaJS.Kafka,
  producer: RdKafka.Producer,
  make: (config: RdKafka.ConsumerGlobalConfig) => RdKafka.KafkaConsumer,
): Promise<RdKafkaRunner> {
  const place = { service: 'http://retry.test', route: 'orders', topic: 'orders' };
  const inKafkaJs = kafkaJsPublisher(kafka.producer({ kafkaJS: { idempotent: true } }), { retryTopic: 'r' });
  const wrapped = new KafkaJsGate({ ...place, publish: inKafkaJs });
  const consumer = kafka.consumer({ kafkaJS: { groupId: 'g' }, rebalance_cb: wrapped.rebalance });
  wrapped.attach(consumer);
  await consumer.run({ eachMessage: wrapped.eachMessage(({ message, heartbeat }) => [message, heartbeat]) });
  await consumer.run({
    eachBatchAutoResolve: false,
    eachBatch: wrapped.eachBatch(({ message, payload }, { attempt }) => [
      message,
      payload.isRunning(),
      attempt,
    ]),
  });
  const gate = new Gate({ ...place, publish: rdKafkaPublisher(producer, { retryTopic: 'r' }) });
  return new RdKafkaRunner({
    gate,
    handler: ({ value }) => value,
    createConsumer: (callbacks) => make({ 'group.id': 'g', ...callbacks }),
  });
}

it('the adapters fit the types of @confluentinc/kafka-javascript', () => {
  expect(usage).toBeInstanceOf(Function);
});
