import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startRedisCluster } from '../../../dev/stack/redis-cluster.ts';
import type { RedisClusterServers } from '../../../dev/stack/redis-cluster.ts';
import type { RedisConfig } from '../../../src/config/config.ts';
import { hashSlot } from '../../../src/redis/hash-slot.ts';
import { refuseEviction } from '../../../src/redis/refuse-eviction.ts';
import { wakeChannel } from '../../../src/redis/shard-keys.ts';
import { WakeUps } from '../../../src/redis/wake-ups.ts';
import { address, onServer, runIdOf, ShardsOnRedis } from '../../support/redis-servers.ts';
import { waitFor } from '../../support/wait-for.ts';

const KEY_PREFIX = 'modes:';
/** Enough that each of the three primaries holds some. */
const PARTITIONS = Array.from({ length: 24 }, (_, partition) => partition);

describe('a Redis Cluster', () => {
  let cluster: RedisClusterServers;
  let shards: ShardsOnRedis;
  const heard: string[] = [];

  beforeAll(async () => {
    cluster = await startRedisCluster();
    shards = await ShardsOnRedis.open(configuration(cluster));
    await new WakeUps({
      servers: shards.servers,
      keyPrefix: KEY_PREFIX,
      onWake: (_route, partition, at) => heard.push(`${String(partition)} at ${String(at)}`),
    }).start();
    for (const partition of PARTITIONS) await shards.rebuild(partition);
  });
  afterAll(async () => {
    await shards[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  test('shares the slots out as we think it does', async () => {
    for (const key of ['', 'a', '{}b', 'x{y}z', 'x{y{z}', 'Zürich', shards.keys(7)[3] ?? '']) {
      expect(await onServer(seed(), (redis) => redis.cluster('KEYSLOT', key))).toBe(hashSlot(key));
    }
  });

  test('has each shard on the node that holds its slot, and the scripts carry the run id of that node', async () => {
    const runIds = new Set(PARTITIONS.map((partition) => shards.runId(partition)));
    const primaries = cluster.nodes.slice(0, 3).map((node) => runIdOf(node.address));
    expect(runIds).toEqual(new Set(await Promise.all(primaries)));
    for (const partition of PARTITIONS) {
      expect(await shards.cursor(partition)).toBe(0);
      const [meta = ''] = shards.keys(partition);
      const { redis, runId } = shards.holder(partition).connection;
      expect(await redis.hget(meta, 'incarnation')).toMatch(new RegExp(`^${runId}:`));
    }
  });

  test('tells the time of each node', async () => {
    for (const { connection, clock } of shards.servers.all) {
      const [seconds, micros] = await connection.redis.time();
      const time = Number(seconds) * 1_000 + Number(micros) / 1_000;
      expect(clock.now()).toBeGreaterThanOrEqual(Math.floor(time));
      expect(clock.past()).toBeLessThanOrEqual(clock.now());
    }
  });

  test('wakes up once for each message, whatever node it was published on', async () => {
    await round(1);
    await round(2);
    // Each node tells everything in order: what was heard twice of the first round is here by now.
    expect(new Set(heard).size).toBe(heard.length);
  });

  test('is refused if one of its primaries evicts', async () => {
    const policy = (value: string): Promise<unknown> =>
      onServer(seed(), (redis) => redis.config('SET', 'maxmemory-policy', value));
    await policy('allkeys-lru');
    try {
      await using another = await ShardsOnRedis.open(configuration(cluster));
      await expect(refuseEviction(another.servers).start()).rejects.toThrow(/maxmemory-policy allkeys-lru/);
    } finally {
      await policy('noeviction');
    }
    await refuseEviction(shards.servers).start();
  });

  test('that moves a slot gives up the shard, and the next owner rebuilds it where it is', async () => {
    const partition = 5;
    const before = shards.runId(partition);
    const slot = hashSlot(shards.keys(partition)[0] ?? '');
    const [from, to] = await ends(before);
    await moveSlot(slot, from, to);

    await expect(shards.cursor(partition)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await waitFor('the new holder', () => shards.runId(partition) !== before);
    expect(shards.runId(partition)).toBe(await runIdOf(to));
    expect(await shards.cursor(partition)).toBeNull();
    await shards.rebuild(partition);
    expect(await shards.cursor(partition)).toBe(0);
  });

  test('that loses a primary goes on: its shards are lost, the others are not touched', async () => {
    const victim = cluster.nodes[1];
    if (victim === undefined) throw new Error('no node');
    const gone = await runIdOf(victim.address);
    const before = new Map(PARTITIONS.map((partition) => [partition, shards.runId(partition)]));
    const lost = PARTITIONS.filter((partition) => before.get(partition) === gone);
    const kept = PARTITIONS.filter((partition) => before.get(partition) !== gone);
    await victim.process.kill();

    const [first = -1] = lost;
    await waitFor('the promoted replica', () => shards.servers.ready && shards.runId(first) !== gone);
    for (const partition of lost) {
      await waitFor('the shard', async () => (await shards.cursor(partition)) === null);
      await shards.rebuild(partition);
      expect(await shards.cursor(partition)).toBe(0);
    }
    for (const partition of kept) {
      expect(shards.runId(partition)).toBe(before.get(partition));
      expect(await shards.cursor(partition)).toBe(0);
    }
    await round(3);
  });

  function seed(): string {
    return cluster.nodes[0]?.address ?? '';
  }

  /** Publishes for every shard, on its own node, and waits until all was heard. */
  async function round(at: number): Promise<void> {
    for (const partition of PARTITIONS) {
      const expected = `${String(partition)} at ${String(at)}`;
      const channel = wakeChannel(KEY_PREFIX, 'orders', partition);
      const { redis } = shards.holder(partition).connection;
      // Until the subscription stands, nobody hears anything.
      await waitFor('the subscriber', async () => ((await redis.call('PUBSUB', 'NUMPAT')) as number) > 0);
      await redis.publish(channel, String(at));
      await waitFor(expected, () => heard.includes(expected));
    }
  }

  /** The node that holds a shard, and another primary. */
  async function ends(runId: string): Promise<[from: string, to: string]> {
    const primaries = cluster.nodes.slice(0, 3).map((node) => node.address);
    const runIds = await Promise.all(primaries.map(runIdOf));
    const from = runIds.indexOf(runId);
    return [primaries[from] ?? '', primaries[(from + 1) % 3] ?? ''];
  }
});

async function moveSlot(slot: number, from: string, to: string): Promise<void> {
  const [fromId, toId] = await Promise.all([from, to].map((at) => onServer(at, nodeId)));
  await onServer(to, (redis) => redis.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId ?? ''));
  await onServer(from, (redis) => redis.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId ?? ''));
  await onServer(from, async (redis) => {
    const keys = (await redis.call('CLUSTER', 'GETKEYSINSLOT', slot, 1_000)) as string[];
    const { host, port } = address(to);
    await redis.call('MIGRATE', host, port, '', 0, 5_000, 'KEYS', ...keys);
  });
  for (const at of [to, from]) {
    await onServer(at, (redis) => redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId ?? ''));
  }
}

async function nodeId(redis: { call: (...args: [string, string]) => Promise<unknown> }): Promise<string> {
  return String(await redis.call('CLUSTER', 'MYID'));
}

function configuration(cluster: RedisClusterServers): RedisConfig {
  return {
    kind: 'cluster',
    // A seed that is not there is passed over.
    seeds: [address('127.0.0.1:1'), address(cluster.nodes[4]?.address ?? '')],
    access: { username: null, password: null, tls: null },
    keyPrefix: KEY_PREFIX,
  };
}
