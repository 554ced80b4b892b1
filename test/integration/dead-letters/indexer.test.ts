import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import RdKafka from '@confluentinc/kafka-javascript';
import { Redis } from 'ioredis';
import { IndexerBench } from '../../support/indexer-bench.ts';
import type { IndexingReplica } from '../../support/indexer-bench.ts';
import { letterRecord } from '../../support/dead-letter-bench.ts';
import { connect, disconnect } from '../../support/kafka-clients.ts';
import { kafkaBrokers, redisUrl } from '../../support/stack.ts';
import { createTopics, deleteTopics, growTopic, removeRecords } from '../../support/topics.ts';
import { waitFor } from '../../support/wait-for.ts';

const places = async (bench: IndexerBench, replica: IndexingReplica): Promise<string[]> =>
  (await bench.all(replica)).map(
    ({ position: { partition, offset }, status }) => `${partition}/${offset} ${status}`,
  );

async function onRedis<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(redisUrl);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

test('what comes is indexed, and settled by markers that a Redis without the index is filled from', async () => {
  await using bench = await IndexerBench.open();
  await bench.send(0, { origin: 1 }, { origin: 2 });
  const replica = await bench.replica(0, 1);
  await bench.counted(replica, 2);
  await bench.send(1, { origin: 3 }, { origin: 3 });
  await bench.counted(replica, 3);
  const { index } = replica.deadLetters.desk;
  await index.settle(0, [1], 'redriven', 'job');
  await index.settle(1, [0], 'dismissed', 'request');
  await bench.counted(replica, 1);
  const rows = await bench.all(replica);
  expect(rows.map(({ status }) => status).sort()).toEqual(['dismissed', 'duplicate', 'open', 'redriven']);
  await waitFor('the gauge to follow', () => replica.deadLetters.indexer.depth === 1);

  await onRedis(async (redis) => redis.unlink(await redis.keys(`${bench.keyPrefix}*`)));
  await bench.send(0, { origin: 9 });
  // On its way there it has had two open ones, and all rows, before.
  const again = async () => (await bench.all(replica)).slice(1);
  await waitFor('all rows to be as they were', async () => isDeepStrictEqual(await again(), rows), {
    state: again,
  });
  await bench.counted(replica, 2);
});

test('partitions go over to another replica in the middle, and each dead letter counts once', async () => {
  await using bench = await IndexerBench.open();
  const [one, other] = [await bench.replica(0, 1), await bench.replica()];
  const send = async (from: number): Promise<void> => {
    const letters = Array.from({ length: 400 }, (_, i) => ({ origin: from + i }));
    await Promise.all(
      [0, 1].map((partition) =>
        bench.send(partition, ...letters.filter(({ origin }) => origin % 2 === partition)),
      ),
    );
  };
  await send(0);
  one.shards.delete(1);
  other.shards.add(1);
  one.deadLetters.indexer.reassign();
  other.deadLetters.indexer.reassign();
  await send(400);
  // For a while both have it, as when one has not heard yet.
  one.shards.add(1);
  one.deadLetters.indexer.reassign();
  await send(800);
  await bench.counted(other, 1_200);
  await expect(bench.all(one)).resolves.toHaveLength(1_000);
});

test('what aborted transactions left is passed over', async () => {
  await using bench = await IndexerBench.open();
  const replica = await bench.replica(0, 1);
  const producer = new RdKafka.Producer({
    'metadata.broker.list': kafkaBrokers.join(','),
    'transactional.id': bench.id,
    dr_cb: true,
  });
  await connect(producer);
  const done = (call: (callback: (error: unknown) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      call((error) => {
        if (error) reject(new Error('the transaction failed', { cause: error }));
        else resolve();
      });
    });
  try {
    await done((callback) => {
      producer.initTransactions(10_000, callback);
    });
    for (const [origin, end] of [
      [1, 'abort'],
      [2, 'commit'],
      [3, 'abort'],
    ] as const) {
      await done((callback) => {
        producer.beginTransaction(callback);
      });
      const { key, value, headers } = letterRecord(bench.id, { origin });
      producer.produce(
        bench.topic,
        0,
        value,
        key,
        null,
        null,
        headers.map(([name, bytes]) => ({ [name]: bytes })),
      );
      // An abort drops what has not been sent yet.
      await done((callback) => producer.flush(10_000, callback));
      await done((callback) => {
        if (end === 'abort') producer.abortTransaction(10_000, callback);
        else producer.commitTransaction(10_000, callback);
      });
    }
    await bench.counted(replica, 1);
    // Offsets 0 to 5: a record and a control record each.
    await waitFor('the cursor to pass them', async () => {
      const { partitions } = await replica.deadLetters.desk.state();
      return partitions[0]?.cursor === 6;
    });
    expect(await places(bench, replica)).toEqual(['0/2 open']);
    for (const offset of [1, 3, 4, 5, 6]) {
      await expect(replica.deadLetters.desk.view({ partition: 0, offset })).resolves.toBeNull();
    }
  } finally {
    await disconnect(producer);
  }
});

test('what retention removes is forgotten', async () => {
  await using bench = await IndexerBench.open();
  const replica = await bench.replica(0, 1);
  await bench.send(0, ...Array.from({ length: 10 }, (_, origin) => ({ origin })));
  await bench.counted(replica, 10);
  await removeRecords(bench.topic, 0, 7);
  await replica.look();
  await bench.counted(replica, 3);
  expect(await places(bench, replica)).toEqual(['0/9 open', '0/8 open', '0/7 open']);
  await expect(replica.deadLetters.desk.view({ partition: 0, offset: 3 })).resolves.toBeNull();
  // All of it, in a partition that nobody has read meanwhile.
  await removeRecords(bench.topic, 0, 10);
  await replica.look();
  await bench.counted(replica, 0);
});

test('a topic that is deleted is waited for, and one that is made anew is read from its beginning', async () => {
  await using bench = await IndexerBench.open();
  const replica = await bench.replica(0, 1);
  await bench.send(0, { origin: 1 }, { origin: 2 }, { origin: 3 });
  await bench.counted(replica, 3);
  await deleteTopics([bench.topic]);
  await replica.look();
  expect(replica.deadLetters.indexer.partitions).toBe(0);
  await createTopics([{ topic: bench.topic, partitions: 2 }]);
  await bench.send(0, { origin: 7 });
  await waitFor('the new topic to be indexed', async () => {
    await replica.look();
    return (await places(bench, replica).catch(() => [])).join() === '0/0 open';
  });
  await bench.counted(replica, 1);
});

test('partitions that are added are read', async () => {
  await using bench = await IndexerBench.open();
  const replica = await bench.replica(0, 1);
  await bench.send(0, { origin: 1 });
  await bench.counted(replica, 1);
  await growTopic(bench.topic, 3);
  await waitFor('the producer to know of it', () => bench.send(2, { origin: 2 }));
  await replica.look();
  await bench.counted(replica, 2);
});

test('a dead letter is read with all that it has', async () => {
  await using bench = await IndexerBench.open();
  const replica = await bench.replica(0, 1);
  const { desk } = replica.deadLetters;
  const [, sent] = await bench.send(0, { origin: 1 }, { origin: 2, value: 'x'.repeat(1_000) });
  await bench.counted(replica, 2);
  const view = await desk.view({ partition: 0, offset: 1 });
  expect(view).toMatchObject({ standing: 'open', row: { status: 'open' }, payload: { kind: 'read' } });
  expect(view?.record).toMatchObject({ key: sent!.key, value: sent!.value, headers: sent!.headers });
  await desk.index.settle(0, [1], 'dismissed', 'request');
  await expect(desk.view({ partition: 0, offset: 1 })).resolves.toMatchObject({
    ...{ standing: 'settled', row: { status: 'dismissed', settled: { by: 'request' } } },
  });
  // The marker is no dead letter, and nothing is behind it.
  for (const offset of [2, 3, 500]) await expect(desk.view({ partition: 0, offset })).resolves.toBeNull();
});

test('what is not in the record is read at its origin, and nowhere else', async () => {
  await using bench = await IndexerBench.open();
  const replica = await bench.replica(0, 1);
  const { desk } = replica.deadLetters;
  await createTopics([{ topic: bench.route.topic, partitions: 1 }]);
  const [fresh] = await bench.sender.sendAll(bench.route.topic, [{ key: 'k', value: '{"a":1}' }]);
  const shared = (topic: string, offset: number): [string, string][] => [
    ['__dlq.errors.topic', topic],
    ['__dlq.errors.partition', '0'],
    ['__dlq.errors.offset', String(offset)],
  ];
  await bench.sender.sendAll(bench.topic, [
    { headers: shared(bench.route.topic, fresh!.offset) },
    { headers: shared('someone-elses', 0) },
  ]);
  await bench.counted(replica, 2);
  await expect(desk.view({ partition: 0, offset: 0 })).resolves.toMatchObject({
    ...{ letter: { source: 'share-group', key: null }, row: { valueAtOrigin: true } },
    payload: { kind: 'read', key: Buffer.from('k'), value: Buffer.from('{"a":1}') },
  });
  await expect(desk.view({ partition: 0, offset: 1 })).resolves.toMatchObject({ payload: { kind: 'gone' } });
});
