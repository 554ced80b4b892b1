import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import RdKafka from '@confluentinc/kafka-javascript';
import { startKafka } from '../../../dev/stack/kafka.ts';
import { Proxy } from '../../faults/proxy.ts';

const asking = join(import.meta.dirname, 'asking.ts');

test('a coordinator that is away for longer than one waits, and comes back, answers again', async () => {
  await using proxy = await Proxy.listen();
  await using kafka = await startKafka({ fronts: [proxy.port] });
  const [inside = ''] = kafka.inside;
  proxy.forwardTo(Number(kafka.brokers[0]?.split(':')[1]));
  await commit(inside, 7);

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
    await until('[[0,7]]');
    proxy.cut();
    await until('no answer');
    await until('no answer');
    proxy.open();
    await until('[[0,7]]');
    expect(child.exitCode).toBeNull();
  } finally {
    child.kill('SIGKILL');
  }
});

async function commit(brokers: string, offset: number): Promise<void> {
  const admin = new RdKafka.KafkaJS.Kafka({ kafkaJS: { brokers: [brokers] } }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'some-topic', numPartitions: 2 }] });
  await admin.disconnect();
  const config = { 'metadata.broker.list': brokers, 'group.id': 'some-group', 'enable.auto.commit': false };
  const consumer = new RdKafka.KafkaConsumer(config, {});
  const called = (call: (done: () => void) => void) => new Promise<void>(call);
  await called((done) => consumer.connect({}, done));
  consumer.commitSync({ topic: 'some-topic', partition: 0, offset });
  await called((done) => consumer.disconnect(done));
}
