import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Admin } from '@platformatic/kafka';
import { startKafka } from '../../../dev/stack/kafka.ts';
import type { KafkaServer } from '../../../dev/stack/kafka.ts';
import { KafkaProducer } from '../../../src/kafka/producer.ts';
import { settled } from '../../../src/kafka/send.ts';
import type { SendResult } from '../../../src/kafka/send.ts';
import { createLogger } from '../../../src/logger.ts';

/** With an authorizer, which the broker of the other tests has not. */
const AUTHORIZED = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'allow.everyone.if.no.acl.found': 'true',
};
const TOPICS: Record<string, Record<string, string>> = {
  open: {},
  small: { 'max.message.bytes': '2000' },
  late: { 'message.timestamp.before.max.ms': '0' },
  compacted: { 'cleanup.policy': 'compact' },
  forbidden: {},
};

let kafka: KafkaServer;
let producer: KafkaProducer;

beforeAll(async () => {
  kafka = await startKafka({ properties: AUTHORIZED });
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...kafka.brokers] });
  for (const [topic, settings] of Object.entries(TOPICS)) {
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1, configs });
  }
  const everyWrite = { operation: 4, permissionType: 2, principal: 'User:ANONYMOUS', host: '*' } as const;
  await admin.createAcls({
    creations: [{ resourceType: 2, resourceName: 'forbidden', resourcePatternType: 3, ...everyWrite }],
  });
  await admin.close();
  const config = {
    kafka: {
      ...{
        brokers: [...kafka.brokers],
        clientId: 'test',
        groupPrefix: 'test',
        groupInstanceId: null,
        clusterId: null,
      },
      ...{ sessionTimeout: 10_000, maxInFlight: 1, librdkafka: {} },
    },
  };
  producer = new KafkaProducer({ config, logger: createLogger('silent') });
  await producer.start();
});

afterAll(async () => {
  await producer.stop();
  await kafka[Symbol.asyncDispose]();
});

/** Sent at once, so that they share a batch. */
async function send(
  topic: string,
  ...records: { key?: string; value: string }[]
): Promise<SendResult['kind'][]> {
  const results = await Promise.all(
    records.map(({ key, value }) =>
      settled(
        (place, record, settle) => {
          producer.send(place, record, settle);
        },
        {
          ...{ topic, partition: 0, headers: [] },
          key: key === undefined ? null : Buffer.from(key),
          value: Buffer.from(value),
        },
      ),
    ),
  );
  return results.map(({ kind }) => kind);
}

const taken = { key: 'k', value: 'v' };

test('a record that is larger than its topic allows', async () => {
  expect(await send('small', taken, { value: 'x'.repeat(5_000) }, taken)).toEqual([
    'written',
    'too-large',
    'written',
  ]);
});

test('a record with a timestamp that its topic does not allow', async () => {
  expect(await send('late', taken, taken)).toEqual(['refused', 'refused']);
});

test('an invalid record takes none of those along that were sent with it', async () => {
  expect(await send('compacted', taken, { value: 'without a key' }, taken)).toEqual([
    'written',
    'refused',
    'written',
  ]);
});

test('a topic that may not be written to, and one that may beside it', async () => {
  expect(await send('forbidden', taken)).toEqual(['refused']);
  // From then on the client refuses at once.
  expect(await send('forbidden', ...Array.from({ length: 5_000 }, () => taken))).toEqual(
    Array.from({ length: 5_000 }, () => 'refused'),
  );
  expect(await send('open', taken)).toEqual(['written']);
});
