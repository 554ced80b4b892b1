// One instance of an application with three consumers, one for each way to consume, in a process of its own so that it can
// be killed, stopped and terminated.
import RdKafka from '@confluentinc/kafka-javascript';
import { called } from '../../../dev/demo/called.ts';
import { startGated } from './gated.ts';
import { HistoryWriter } from './history-writer.ts';
import { PlainConsumer } from './plain.ts';
import { RetryProducer } from './retry-producer.ts';
import type { ConsumerSettings } from './settings.ts';

const settings = JSON.parse(process.argv[2] ?? '') as ConsumerSettings;
const history = new HistoryWriter(settings.historyFile, settings.name);

const producer = new RdKafka.Producer(
  {
    'metadata.broker.list': settings.brokers.join(','),
    'client.id': settings.name,
    dr_cb: true,
    acks: -1,
    'enable.idempotence': true,
    'linger.ms': 1,
    // A batch of several that is larger than its topic allows would be refused as a whole.
    'batch.size': 65_536,
  },
  {},
);
await called((done) => producer.connect({}, done as never));
producer.setPollInBackground(true);

const given = { producer: new RetryProducer(producer), history };
const [stopGated, ...plain] = await Promise.all([
  startGated(settings, { producer, history }),
  PlainConsumer.start('ungated', settings, given),
  PlainConsumer.start('unordered', settings, given),
]);

process.once('SIGTERM', () => {
  void Promise.all([stopGated(), ...plain.map((consumer) => consumer.stop())]).then(() => process.exit(0));
});
