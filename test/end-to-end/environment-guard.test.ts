import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { ServiceProcess } from '../support/service-process.ts';
import { kafkaBrokers } from '../support/stack.ts';
import { configureTopic, createTopics, groupsNamed } from '../support/topics.ts';
import { waitFor } from '../support/wait-for.ts';

const root = join(import.meta.dirname, '../..');

test('a service on another cluster than its configuration names ends with one clear line, and joins no group', async () => {
  const id = `g${randomBytes(4).toString('hex')}`;
  await createTopics([id, `${id}.retry`, `${id}.dlq`].map((topic) => ({ topic, partitions: 1 })));
  const routes = [{ name: 'orders', topic: id, consumerGroup: `${id}.app` }];
  const config = { kafka: { groupPrefix: id, clusterId: 'production' }, routes };
  await using service = await ServiceProcess.prepare({ config });
  service.spawn();
  await expect(service.ended()).resolves.toBe(1);
  const [line] = await service.logged('start_failed');
  expect(JSON.stringify(line)).toMatch(
    /this is the Kafka cluster \S{22}, and kafka.clusterId says production: mend kafka.brokers/,
  );
  expect(await groupsNamed(id)).toEqual([]);
});

test('a service with a topic or group of another environment ends with exit code 2, before anything is contacted', async () => {
  const routes = [{ name: 'orders', topic: 'prod.orders', consumerGroup: 'staging.app' }];
  const config = { topicPattern: 'staging.*', kafka: { groupPrefix: 'staging.retries' }, routes };
  await using service = await ServiceProcess.prepare({ config });
  service.spawn();
  await expect(service.ended()).resolves.toBe(2);
  expect((await service.output()).trimEnd().split('\n')).toEqual([
    expect.stringContaining('routes[0].topic: prod.orders does not fit topicPattern (staging.*)'),
    expect.stringContaining('routes[0].retryTopic: prod.orders.retry does not fit'),
    expect.stringContaining('routes[0].deadLetterTopic: prod.orders.dlq does not fit'),
  ]);
});

test('a route whose redeliveries would be compacted releases nothing and says so, until it is mended; the others go on', async () => {
  const compacted = { topicConfig: { main: { 'cleanup.policy': 'compact' } } };
  await using bench = await Bench.open({ ready: false, routes: { stale: compacted, well: {} } });
  const { topic, retryTopic, name } = bench.route('stale');
  await waitFor('readiness to name it', async () => {
    const { body } = await bench.service.get('/readyz');
    const [line] = (body as { missing?: string[] }).missing ?? [];
    return line?.includes(name) === true && line.includes(`topic ${topic} is compacted`);
  });
  await using stale = await bench.read('stale', 'topic');
  await using well = await bench.read('well', 'topic');
  await bench.sender.send(retryTopic, { key: 'a', value: 'a0' });
  await bench.sender.send(bench.route('well').retryTopic, { key: 'a', value: 'a0' });
  await well.one('redelivery');
  await waitFor('the lock', async () => (await bench.locks('stale')).length === 1);
  expect(stale.records).toEqual([]);

  await configureTopic(topic, { 'cleanup.policy': 'delete' });
  await stale.one('redelivery');
});

test('doctor says by its exit code whether a promise would break', async () => {
  const id = `g${randomBytes(4).toString('hex')}`;
  const routes = [{ name: 'orders', topic: id, consumerGroup: `${id}.app` }];
  await using service = await ServiceProcess.prepare({ config: { kafka: { groupPrefix: id }, routes } });
  const doctor = async (...more: string[]): Promise<{ code: number; stdout: string }> => {
    const args = ['--import', 'tsx', 'src/cli.ts', 'doctor', '--config', service.configFile, ...more];
    const env = { ...process.env, KAFKA_BROKERS: kafkaBrokers.join(',') };
    return promisify(execFile)(process.execPath, args, { cwd: root, env }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: unknown) => error as { code: number; stdout: string },
    );
  };
  expect(await doctor()).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(`topic ${id} does not exist`),
  });
  await createTopics([{ topic: id, partitions: 2 }]);
  expect(await doctor('--create-topics')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`^created ${id}.retry: 2 partitions`)),
  });
});
