import RdKafka from '@confluentinc/kafka-javascript';
import { expect, test } from '@jest/globals';
import { startKafka } from '../../../dev/stack/kafka.ts';
import { systemClock } from '../../../src/clock.ts';
import { AssignedConsumer } from '../../../src/kafka/assigned-consumer.ts';
import { PlaceReader } from '../../../src/kafka/place-reader.ts';
import { createLogger } from '../../../src/logger.ts';
import { Proxy } from '../../faults/proxy.ts';
import { connect, disconnect } from '../../support/kafka-clients.ts';
import { kafkaBrokers } from '../../support/stack.ts';
import { createTopics, removeRecords } from '../../support/topics.ts';
import { waitFor } from '../../support/wait-for.ts';

const MIB = 1_048_576;

function readerAt(brokers: readonly string[]): PlaceReader {
  const kafka = {
    ...{ brokers, clientId: 'places', groupPrefix: 'places', groupInstanceId: null, clusterId: null },
    ...{ sessionTimeout: 6_000, maxInFlight: 1, librdkafka: {} },
  };
  const [clock, logger] = [systemClock, createLogger('silent')];
  return new PlaceReader({
    open: () => new AssignedConsumer({ config: { kafka }, groupId: 'places.origins', clock, logger }),
    clock,
  });
}

/** Writes values of these sizes; each begins with its offset. Transactions leave records behind that nobody reads. */
async function fill(
  topic: string,
  partition: number,
  sizes: readonly number[],
  transactions = 1,
): Promise<void> {
  const producer = new RdKafka.Producer({
    'metadata.broker.list': kafkaBrokers.join(','),
    'transactional.id': `fill-${topic}-${String(partition)}`,
    'message.max.bytes': 20 * MIB,
    'linger.ms': 5,
  });
  await connect(producer);
  try {
    const step = (run: (done: (error: unknown) => void) => void): Promise<void> =>
      new Promise((resolve, reject) => {
        run((error) => {
          if (error) reject(new Error('no transaction', { cause: error }));
          else resolve();
        });
      });
    await step((done) => {
      producer.initTransactions(10_000, done as never);
    });
    const each = Math.ceil(sizes.length / transactions);
    let offset = 0;
    for (let from = 0; from < sizes.length; from += each) {
      await step((done) => {
        producer.beginTransaction(done);
      });
      for (const size of sizes.slice(from, from + each)) {
        const value = Buffer.alloc(size, '.');
        value.write(String(offset++));
        producer.produce(topic, partition, value, 'key');
      }
      offset++;
      await step((done) => {
        producer.commitTransaction(20_000, done as never);
      });
    }
  } finally {
    await disconnect(producer);
  }
}

const text = (value: Buffer | null): string => /^\d*/.exec(value?.toString('latin1', 0, 20) ?? '')?.[0] ?? '';

test('thousands of records of many partitions are read at once, what retention removed is gone', async () => {
  const topic = `places-${String(process.pid)}`;
  await createTopics([{ topic, partitions: 4 }]);
  // 500 records in ten transactions: each 51st offset is not for readers.
  const sizes = Array.from({ length: 500 }, () => 200);
  await Promise.all([0, 1, 2, 3].map((partition) => fill(topic, partition, sizes, 10)));
  await removeRecords(topic, 2, 300);
  const reader = readerAt(kafkaBrokers);
  try {
    const offsets = Array.from({ length: 510 }, (_, i) => (i * 7) % 510).filter(
      (offset) => offset % 51 !== 50,
    );
    const found = await Promise.all(
      [0, 1, 2, 3].flatMap((partition) =>
        offsets.map(async (offset) => ({
          partition,
          offset,
          found: await reader.lend({ topic, partition, offset }),
        })),
      ),
    );
    for (const { partition, offset, found: one } of found) {
      if (partition === 2 && offset < 300) expect(one.kind).toBe('gone');
      else expect(one.kind === 'read' && text(one.record.value)).toBe(String(offset));
      if (one.kind === 'read') one.lease.end();
    }
    expect(reader.waiting).toBe(0);
    // A place that is not for readers, and one in a partition of which nothing is left.
    await expect(reader.read({ topic, partition: 1, offset: 50 })).resolves.toEqual({ kind: 'gone' });
    await removeRecords(topic, 3, 510);
    await expect(reader.read({ topic, partition: 3, offset: 20 })).resolves.toEqual({ kind: 'gone' });
  } finally {
    await reader.stop();
  }
});

test('of records of 10 MiB few are in memory at a time, and those that wait for others take no more than half', async () => {
  const topic = `places-large-${String(process.pid)}`;
  await createTopics([{ topic, partitions: 2, config: { 'max.message.bytes': String(11 * MIB) } }]);
  const sizes = Array.from({ length: 4 }, () => 10 * MIB);
  await Promise.all([0, 1].map((partition) => fill(topic, partition, sizes)));
  const reader = readerAt(kafkaBrokers);
  try {
    let [lent, most, ended] = [0, 0, 0];
    const parked: boolean[] = [];
    await Promise.all(
      [0, 1].flatMap((partition) =>
        [3, 1, 2, 0].map(async (offset) => {
          const found = await reader.lend({ topic, partition, offset });
          if (found.kind === 'gone') throw new Error('gone');
          most = Math.max(most, ++lent);
          parked.push(found.lease.park());
          // Each is kept until another comes beside it; the last has none.
          await waitFor('another', () => lent > 1 || ended === 7, { every: 5 });
          expect(text(found.record.value)).toBe(String(offset));
          found.lease.end();
          lent--;
          ended++;
        }),
      ),
    );
    // 32 MiB, and what the client had on its way.
    expect(most).toBeLessThanOrEqual(5);
    expect(parked).toContain(false);
    expect(parked).toContain(true);
  } finally {
    await reader.stop();
  }
});

test('a Kafka that is away when the first value is read is asked again for the next', async () => {
  await using proxy = await Proxy.listen();
  await using kafka = await startKafka({ fronts: [proxy.port] });
  proxy.forwardTo(Number(kafka.brokers[0]?.split(':')[1]));
  const reader = readerAt([`127.0.0.1:${proxy.port}`]);
  const origin = { topic: 'nothing', partition: 0, offset: 0 };
  try {
    proxy.cut();
    await expect(reader.read(origin)).rejects.toThrow(/transport failure|timed out/i);
    proxy.open();
    // It gets as far as reading: there is nothing to read in this Kafka.
    await expect(reader.read(origin)).rejects.toThrow('could not be read in time');
  } finally {
    await reader.stop();
  }
});
