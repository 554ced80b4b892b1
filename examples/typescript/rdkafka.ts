// A consumer with the gate, in the RdKafka style of @confluentinc/kafka-javascript: the one to take for much traffic.
import RdKafka from '@confluentinc/kafka-javascript';
// In a project of yours: from 'retry-orchestrator/gate'.
import { Gate, rdKafkaPublisher, RdKafkaRunner } from '../../src/gate/index.ts';
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

// Only for the retry topic. Its order is what the order of the retries rests on: idempotent, every report awaited.
const producer = new RdKafka.Producer({
  'metadata.broker.list': brokers,
  'enable.idempotence': true,
  acks: -1,
  dr_cb: true,
  'linger.ms': 1,
});
await new Promise<void>((resolve, reject) => {
  producer.connect({}, (error: unknown) => {
    if (error) reject(new Error('no connection to Kafka', { cause: error }));
    else resolve();
  });
});
producer.setPollInBackground(true);

const gate = new Gate({
  service, // or several addresses; any replica answers
  route,
  topic,
  publish: rdKafkaPublisher(producer, { retryTopic }),
  onEvent: (event) => {
    if (event.type !== 'finished') console.error(event);
  },
});

const runner = new RdKafkaRunner({
  gate,
  concurrency: 16, // records of one key always go one after another
  handler: ({ value }, { attempt, origin }) => {
    handleOrder(value, origin, attempt);
  },
  createConsumer: (callbacks) =>
    new RdKafka.KafkaConsumer(
      {
        'metadata.broker.list': brokers,
        'group.id': consumerGroup,
        'session.timeout.ms': sessionTimeoutMs,
        'partition.assignment.strategy': 'cooperative-sticky',
        'fetch.queue.backoff.ms': 5,
        ...callbacks,
      },
      { 'auto.offset.reset': 'earliest' },
    ),
});
await runner.start();
await untilStopped();
// Waits for the handlers, commits, leaves the group. Do not call process.exit() before it is done.
await runner.stop();
producer.disconnect();
