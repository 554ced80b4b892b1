import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { KafkaRecord } from '../../../src/domain/record.ts';
import { KafkaProducer } from '../../../src/kafka/producer.ts';
import { RetryConsumer } from '../../../src/kafka/retry-consumer.ts';
import type { SendResult } from '../../../src/kafka/send.ts';
import { createLogger } from '../../../src/logger.ts';
import { systemClock as clock } from '../../../src/clock.ts';
import { kafkaBrokers } from '../../support/stack.ts';
import { createTopics, removeRecords } from '../../support/topics.ts';
import { waitFor } from '../../support/wait-for.ts';

const logger = createLogger('silent');
const config = {
  kafka: {
    brokers: kafkaBrokers,
    clientId: 'test',
    groupPrefix: 'test',
    groupInstanceId: null,
    clusterId: null,
    sessionTimeout: 6_000,
    maxInFlight: 1,
    librdkafka: {},
  },
};

async function send(
  producer: KafkaProducer,
  topic: string,
  partition: number | null,
  key: string,
): Promise<SendResult> {
  const record = { topic, partition, key: Buffer.from(key), value: Buffer.from(key), headers: [] };
  return new Promise((settle) => {
    producer.send(record, () => record, settle);
  });
}

test('a record without a partition goes where a Java producer would send its key', async () => {
  const topic = `t${randomBytes(4).toString('hex')}`;
  await createTopics([{ topic, partitions: 7 }]);
  const producer = new KafkaProducer({ config, logger });
  await producer.start();
  const records: KafkaRecord[] = [];
  const consumer = reader(topic, records);
  await consumer.start();
  // murmur2 of these, by Kafka's own tests.
  const hashes = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    abc: 479470107,
  };
  for (const key of Object.keys(hashes)) {
    await expect(send(producer, topic, null, key)).resolves.toMatchObject({ kind: 'written' });
  }
  await waitFor('the records', () => records.length === 4, { state: () => records.length });
  await consumer.stop();
  await producer.stop();
  expect(Object.fromEntries(records.map(({ key, partition }) => [key!.toString(), partition]))).toEqual(
    Object.fromEntries(Object.entries(hashes).map(([key, hash]) => [key, (hash & 0x7fffffff) % 7])),
  );
});

test('where retention removed what is to be read next, reading goes on with the first record that is left', async () => {
  const topic = `t${randomBytes(4).toString('hex')}`;
  await createTopics([{ topic, partitions: 1 }]);
  const producer = new KafkaProducer({ config, logger });
  await producer.start();
  for (let i = 0; i < 10; i++) await send(producer, topic, 0, `m${i}`);
  await removeRecords(topic, 0, 6);
  const records: KafkaRecord[] = [];
  const consumer = reader(topic, records, 2);
  await consumer.start();
  await waitFor('the last record', () => records.some(({ offset }) => offset === 9), {
    state: () => records.length,
  });
  await consumer.stop();
  await producer.stop();
  expect(records.map(({ offset }) => offset)).toEqual([6, 7, 8, 9]);
});

function reader(topic: string, records: KafkaRecord[], from = 0): RetryConsumer {
  const consumer: RetryConsumer = new RetryConsumer({
    ...{ config, groupId: `${topic}.reader`, topic, clock, logger },
    listener: {
      assigned: (partitions) => {
        // The client takes a place only some time after the assignment.
        const read = (partition: number): Promise<unknown> =>
          waitFor(`partition ${partition}`, () => consumer.read(partition, from).then(() => true));
        void Promise.all(partitions.map(read));
      },
      revoked: () => Promise.resolve(),
      records: (_partition, read) => void records.push(...read),
      end: () => undefined,
      room: () => Promise.resolve(),
    },
  });
  return consumer;
}
