// A consumer that knows nothing of the service: it publishes what failed to the retry topic, and commits. For a route
// with `gate: false` (or `ordering: none`).
import RdKafka from '@confluentinc/kafka-javascript';
import {
  brokers,
  consumerGroup,
  handleOrder,
  retryTopic,
  sessionTimeoutMs,
  topic,
  untilStopped,
} from './orders.ts';

const { Kafka, logLevel } = RdKafka.KafkaJS;
const kafka = new Kafka({ kafkaJS: { brokers: brokers.split(','), logLevel: logLevel.NOTHING } });

const producer = kafka.producer({ kafkaJS: { idempotent: true }, 'linger.ms': 1 });
await producer.connect();

const consumer = kafka.consumer({
  kafkaJS: { groupId: consumerGroup, fromBeginning: true, sessionTimeout: sessionTimeoutMs },
});
await consumer.connect();
await consumer.subscribe({ topic });
await consumer.run({
  eachMessage: async ({ partition, message }) => {
    const { key, value, offset, headers = {} } = message;
    const number = (name: string, otherwise: number): number =>
      Number(headers[name]?.toString() ?? otherwise);
    const origin = { topic, partition, offset: number('x-retry-origin-offset', Number(offset)) };
    try {
      handleOrder(value, origin, number('x-retry-attempt', 1));
    } catch (error) {
      // A redelivered record keeps all its headers: they say which delivery of which message failed.
      const first = {
        'x-retry-origin-topic': topic,
        'x-retry-origin-partition': String(partition),
        'x-retry-origin-offset': offset,
        'x-retry-attempt': '1',
      };
      const why = {
        'x-retry-error-class': error instanceof Error ? error.name : typeof error,
        'x-retry-error-message': String(error).slice(0, 200),
      };
      const redelivered = headers['x-retry-delivery'] !== undefined;
      await producer.send({
        topic: retryTopic,
        // The same partition number, whatever the key says.
        messages: [
          {
            partition,
            key: key ?? null,
            value,
            headers: { ...headers, ...(redelivered ? {} : first), ...why },
          },
        ],
      });
    }
  },
});
await untilStopped();
await consumer.disconnect();
await producer.disconnect();
