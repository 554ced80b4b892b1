import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import RdKafka from '@confluentinc/kafka-javascript';
import { startKafka } from '../../../dev/stack/kafka.ts';
import { Proxy } from '../../faults/proxy.ts';

const RANGES = [
  [0, { first: 0, end: 3 }],
  [1, { first: 0, end: 0 }],
];
/** Partition 0 has three records of epoch ms 500, 1,500 and 2,500, partition 1 none. */
const ANSWER = JSON.stringify([
  [[0, 7]],
  RANGES,
  RANGES,
  [
    [0, 1],
    [1, 0],
  ],
]);

const asking = join(import.meta.dirname, 'asking.ts');

test('a coordinator that is away for longer than one waits, and comes back, answers again', async () => {
  await using proxy = await Proxy.listen();
  await using kafka = await startKafka({ fronts: [proxy.port] });
  const [inside = ''] = kafka.inside;
  proxy.forwardTo(Number(kafka.brokers[0]?.split(':')[1]));
  await prepare(inside);

  const child = spawn(process.execPath, ['--import', 'tsx', asking, `127.0.0.1:${proxy.port}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
    const until = async (wanted: string): Promise<void> => {
      for (;;) {
        const { value, done } = (await answers.next()) as IteratorResult<string, undefined>;
        if (done) throw new Error('the process has ended');
        if (value === wanted) return;
      }
    };
    await until(ANSWER);
    proxy.cut();
    await until('no answer');
    await until('no answer');
    proxy.open();
    await until(ANSWER);
    expect(child.exitCode).toBeNull();
  } finally {
    child.kill('SIGKILL');
  }
});

async function prepare(brokers: string): Promise<void> {
  const { Kafka, logLevel } = RdKafka.KafkaJS;
  const kafka = new Kafka({ kafkaJS: { brokers: [brokers], logLevel: logLevel.NOTHING } });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'some-topic', numPartitions: 2 }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  for (const timestamp of ['500', '1500', '2500']) {
    await producer.send({ topic: 'some-topic', messages: [{ value: '', partition: 0, timestamp }] });
  }
  await producer.disconnect();
  const config = { 'metadata.broker.list': brokers, 'group.id': 'some-group', 'enable.auto.commit': false };
  const consumer = new RdKafka.KafkaConsumer(config, {});
  const called = (call: (done: () => void) => void) => new Promise<void>(call);
  await called((done) => consumer.connect({}, done));
  consumer.commitSync({ topic: 'some-topic', partition: 0, offset: 7 });
  await called((done) => consumer.disconnect(done));
}
