import { expect, test } from '@jest/globals';
import { startRedisCluster } from '../../dev/stack/redis-cluster.ts';
import { startSentinelSet } from '../../dev/stack/redis-sentinel.ts';
import { hashSlot, SLOTS } from '../../src/redis/hash-slot.ts';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import { waitFor } from '../support/wait-for.ts';

const PARTITIONS = 4;
const KEYS = 20;
const route = { partitions: PARTITIONS, settings: { backoff: { initial: '1s', multiplier: 1, jitter: 0 } } };

test('nothing is lost and the order is kept when Sentinels replace the primary', async () => {
  await using redis = await startSentinelSet();
  await using bench = await Bench.open({
    redis: { sentinels: [redis.sentinel], sentinelName: redis.name },
    routes: { orders: route },
  });
  await failOverWhileKeysWait(bench, () => redis.primary.process.kill());
});

test('nothing is lost and the order is kept when a Cluster replaces a primary', async () => {
  await using redis = await startRedisCluster();
  await using bench = await Bench.open({
    redis: { cluster: [redis.nodes[2]!.address] },
    routes: { orders: route },
  });
  // The slots are shared out in the order of the nodes.
  const holder = redis.nodes[Math.floor(hashSlot('{orders:0}') / (SLOTS / 3))]!;
  await failOverWhileKeysWait(bench, () => holder.process.kill());
});

async function failOverWhileKeysWait(bench: Bench<'orders'>, failOver: () => Promise<void>): Promise<void> {
  const { topic } = bench.route('orders');
  const history = new History();
  const batch = (round: string): { key: string; value: string; partition: number }[] =>
    Array.from({ length: 4 * KEYS }, (_, i) => {
      const key = i % KEYS;
      return {
        key: `k${key}`,
        value: `${round} k${key}-${Math.floor(i / KEYS)}`,
        partition: key % PARTITIONS,
      };
    });
  const first = await bench.sender.sendAll(topic, batch('first'));
  await using _consumer = await bench.consume('orders', {
    history,
    // The first of each key fails twice.
    behaviour: ({ value, run }) => {
      if (value!.endsWith('-0') && run <= 2) throw new Error('fails');
    },
  });
  await waitFor('every key to be locked', async () => (await bench.locks('orders')).length === KEYS);
  await failOver();
  const all = [...first, ...(await bench.sender.sendAll(topic, batch('second')))];
  await history.allSucceeded(all);

  expect(history.violations(all)).toEqual([]);
  await bench.unlocked('orders');
  await expect(bench.service.status('/readyz')).resolves.toBe(200);
}
