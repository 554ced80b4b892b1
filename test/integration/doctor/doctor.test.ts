import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import RdKafka from '@confluentinc/kafka-javascript';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../../../dev/stack/free-port.ts';
import { doctor } from '../../../src/commands/doctor.ts';
import type { DoctorOptions } from '../../../src/commands/doctor.ts';
import type { RoutedFinding } from '../../../src/doctor/report.ts';
import { connect, disconnect } from '../../support/kafka-clients.ts';
import { kafkaBrokers, redisUrl } from '../../support/stack.ts';
import { commitByHand, createTopics } from '../../support/topics.ts';
import { waitFor } from '../../support/wait-for.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** A name that nobody else uses. */
const aName = (): string => `d${randomBytes(4).toString('hex')}`;

interface Run {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

async function run(
  topic: string,
  options: DoctorOptions = {},
  settings: Record<string, unknown> = {},
  env: Record<string, string> = {},
): Promise<Run> {
  const file = join(directory, `${aName()}.yaml`);
  const routes = [{ name: 'orders', topic, consumerGroup: `${topic}-app` }];
  await writeFile(file, JSON.stringify({ kafka: { groupPrefix: topic }, routes, ...settings }));
  const written = { stdout: '', stderr: '' };
  const to = (name: keyof typeof written) => ({
    write: (text: string | Uint8Array) => (written[name] += String(text)) !== '',
  });
  const code = await doctor(
    file,
    { KAFKA_BROKERS: kafkaBrokers.join(','), REDIS_URL: redisUrl, ...env },
    options,
    { stdout: to('stdout'), stderr: to('stderr') },
  );
  return { code, output: written.stdout, errors: written.stderr };
}

interface Json {
  readonly ok: boolean;
  readonly cluster: { readonly id: string };
  readonly created: string[];
  readonly findings: RoutedFinding[];
}

/** The findings about names of this test, in a line each. */
function lines({ output }: Run): string[] {
  return (JSON.parse(output) as Json).findings
    .filter(({ route, code }) => route !== null && code !== 'replicas-one')
    .map(({ severity, code, subject }) => `${severity} ${code} ${subject}`)
    .sort();
}

test('topics are created as they should be, found to be so, and then left alone', async () => {
  const topic = aName();
  await createTopics([{ topic, partitions: 3, config: { 'max.message.bytes': '500000' } }]);
  await commitByHand(`${topic}-app`, [{ topic, partition: 0, offset: 0 }]);

  const before = await run(topic, { json: true });
  expect(before.code).toBe(1);
  expect(lines(before)).toEqual([
    `error topic-missing topic ${topic}.dlq`,
    `error topic-missing topic ${topic}.retry`,
    `warning group-stale group ${topic}-app`,
  ]);

  const dry = await run(topic, { createTopics: true, dryRun: true });
  expect(dry).toMatchObject({ code: 0, errors: '' });
  expect(dry.output.split('\n').slice(0, -1)).toEqual([
    expect.stringMatching(
      `^kafka-topics.sh --bootstrap-server .* --create --topic ${topic}.retry --partitions 3 --replication-factor 1 .*max.message.bytes=565536`,
    ),
    expect.stringContaining(`--topic ${topic}.dlq`),
  ]);

  const made = await run(topic, { createTopics: true, json: true });
  expect(made.code).toBe(0);
  expect((JSON.parse(made.output) as Json).created).toEqual([
    `created ${topic}.retry: 3 partitions, 1 replica, retention 7d, at most 565536 bytes a message`,
    `created ${topic}.dlq: 3 partitions, 1 replica, retention 30d, at most 565536 bytes a message`,
  ]);
  expect(lines(made)).toEqual([`warning group-stale group ${topic}-app`]);

  const again = await run(topic, { createTopics: true });
  expect(again.output).not.toContain('created');
  expect(again.output).toMatch(/^✓ .*/m);
});

test('topics that exist are left as they are, and what is wrong with them is said with its remedy', async () => {
  const topic = aName();
  await createTopics([
    { topic, partitions: 2, config: { 'cleanup.policy': 'compact' } },
    {
      topic: `${topic}.retry`,
      partitions: 1,
      config: { 'retention.ms': '60000', 'retention.bytes': '1000' },
    },
    { topic: `${topic}.dlq`, partitions: 1, config: { 'cleanup.policy': 'compact' } },
  ]);
  const seen = await run(topic, { createTopics: true });
  expect(seen.code).toBe(1);
  expect(seen.output).not.toContain('created');
  expect(seen.output).toContain(
    `✗ route orders: topic ${topic}.retry has 1 partition, and ${topic} has 2\n` +
      `    costs: consumers wait at partition 1 of ${topic}, and the route is degraded\n` +
      `    mend:  kafka-topics.sh --bootstrap-server ${kafkaBrokers.join(',')} --alter --topic ${topic}.retry --partitions 2\n`,
  );
  expect(lines(await run(topic, { json: true }))).toEqual([
    `error partitions-differ topic ${topic}.retry`,
    `error retention-short topic ${topic}.retry`,
    `error topic-compacted topic ${topic}`,
    `error topic-compacted topic ${topic}.dlq`,
    `warning group-never-committed group ${topic}-app`,
    `warning message-size topic ${topic}.dlq`,
    `warning message-size topic ${topic}.retry`,
    `warning retention-by-size topic ${topic}.retry`,
  ]);
});

test('members that do not belong to a group are named', async () => {
  const topic = aName();
  await createTopics([
    { topic, partitions: 1 },
    ...[`${topic}.retry`, `${topic}.dlq`].map((name) => ({
      ...{ topic: name, partitions: 1 },
      config: { 'max.message.bytes': '2000000' },
    })),
  ]);
  await using stranger = await Member.join(`${topic}.orders`, 'console', topic);
  await using other = await Member.join(`${topic}-app`, 'batch', `${topic}.dlq`);
  await Promise.all([stranger.joined(), other.joined()]);
  const { output, code } = await run(topic, { json: true });
  expect(code).toBe(1);
  const findings = (JSON.parse(output) as Json).findings.filter((each) => each.code === 'foreign-members');
  expect(findings).toMatchObject([
    {
      severity: 'warning',
      subject: `group ${topic}-app`,
      what: expect.stringContaining('batch at 127.0.0.1'),
    },
    {
      severity: 'error',
      subject: `group ${topic}.orders`,
      what: expect.stringContaining('console at 127.0.0.1'),
    },
  ]);
});

describe('the cluster', () => {
  test('is told, and another one than expected is an error', async () => {
    const { cluster } = JSON.parse((await run(aName(), { json: true })).output) as Json;
    expect(cluster.id).toMatch(/^\S{22}$/);
    const { code, output } = await run(aName(), {}, { kafka: { clusterId: 'production' } });
    expect(code).toBe(1);
    expect(output).toContain(`✗ Kafka is the cluster ${cluster.id}, and kafka.clusterId says production\n`);
  });

  test('that does not answer is said in one line, and so is such a Redis', async () => {
    const nobody = `127.0.0.1:${String(await freePort())}`;
    const env = { KAFKA_BROKERS: nobody, REDIS_URL: `redis://${nobody}` };
    const { code, output } = await run(aName(), { timeout: '1s' }, {}, env);
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^✗ Redis does not answer: .*${nobody}$`, 'm'));
    expect(output).toMatch(new RegExp(`^✗ Kafka does not answer at ${nobody}: .*ECONNREFUSED`, 'm'));
  });
});

/** A consumer in a group. */
class Member implements AsyncDisposable {
  readonly #consumer: InstanceType<typeof RdKafka.KafkaConsumer>;

  private constructor(consumer: InstanceType<typeof RdKafka.KafkaConsumer>) {
    this.#consumer = consumer;
  }

  static async join(group: string, clientId: string, topic: string): Promise<Member> {
    const consumer = new RdKafka.KafkaConsumer({
      'metadata.broker.list': kafkaBrokers.join(','),
      'group.id': group,
      'client.id': clientId,
      'enable.auto.commit': false,
    });
    await connect(consumer);
    consumer.subscribe([topic]);
    consumer.consume();
    return new Member(consumer);
  }

  async joined(): Promise<void> {
    await waitFor('the member to have partitions', () => this.#consumer.assignments().length > 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await disconnect(this.#consumer);
  }
}
