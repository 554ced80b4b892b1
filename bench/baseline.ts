// Run as a process: copies a topic to another with the client and the settings of the service, and nothing else.
import RdKafka from '@confluentinc/kafka-javascript';
import type { Message } from '@confluentinc/kafka-javascript';
import { systemClock } from '../src/clock.ts';
import type { Config } from '../src/config/config.ts';
import { consumerOptions, producerOptions } from '../src/kafka/client-options.ts';
import { PARTITIONS } from './kafka.ts';

const [brokers = '', from = '', to = '', count = '0'] = process.argv.slice(2);
const kafka: Config['kafka'] = {
  brokers: [brokers],
  clientId: 'baseline',
  groupPrefix: 'baseline',
  groupInstanceId: null,
  clusterId: null,
  sessionTimeout: 10_000,
  maxInFlight: 1,
  librdkafka: {},
};

const producer = new RdKafka.Producer(producerOptions({ kafka }));
await new Promise<void>((resolve) => {
  producer.connect({}, () => {
    resolve();
  });
});
producer.setPollInBackground(true);
const consumer = new RdKafka.KafkaConsumer(consumerOptions({ kafka }, `baseline-${to}`));
await new Promise<void>((resolve) => {
  consumer.connect({}, () => {
    resolve();
  });
});
(
  consumer as never as { setDefaultIsTimeoutOnlyForFirstMessage(on: boolean): void }
).setDefaultIsTimeoutOnlyForFirstMessage(true);
consumer.setDefaultConsumeTimeout(100);

let acknowledged = 0;
let done: (() => void) | null = null;
producer.on('delivery-report', () => {
  if (++acknowledged === Number(count)) done?.();
});
const consume = (): Promise<Message[]> =>
  new Promise((resolve) => {
    consumer.consume(1_000, (_error, messages) => {
      resolve(messages);
    });
  });

consumer.assign(
  Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: from, partition, offset: 0 })),
);
const begun = systemClock.monotonic();
const all = new Promise<void>((resolve) => (done = resolve));
for (let copied = 0; copied < Number(count);) {
  for (const { partition, key, value, headers } of await consume()) {
    producer.produce(to, partition, value, key, undefined, copied++, headers);
  }
  while (copied - acknowledged > 50_000) await new Promise(setImmediate);
}
await all;
process.stdout.write(`${String((systemClock.monotonic() - begun) / 1_000)}\n`);
process.kill(process.pid, 'SIGKILL'); // nothing is left to do, and the clients take a while to say goodbye
