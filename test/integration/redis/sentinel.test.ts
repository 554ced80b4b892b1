import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSentinelSet } from '../../../dev/stack/redis-sentinel.ts';
import type { RedisNode, SentinelSet } from '../../../dev/stack/redis-sentinel.ts';
import type { RedisConfig } from '../../../src/config/config.ts';
import { WakeUps } from '../../../src/redis/wake-ups.ts';
import { wakeChannel } from '../../../src/redis/shard-keys.ts';
import { address, onServer, runIdOf, ShardsOnRedis } from '../../support/redis-servers.ts';
import { waitFor } from '../../support/wait-for.ts';

const KEY_PREFIX = 'sentinel:';
const PARTITION = 3;

describe('behind Sentinels', () => {
  let set: SentinelSet;
  let shards: ShardsOnRedis;
  /** Who is the primary by now. */
  let primary: RedisNode;
  const heard: number[] = [];

  beforeAll(async () => {
    set = await startSentinelSet();
    primary = set.primary;
    shards = await ShardsOnRedis.open(configuration(set));
    await new WakeUps({
      servers: shards.servers,
      keyPrefix: KEY_PREFIX,
      onWake: (_route, _partition, at) => heard.push(at),
    }).start();
  });
  afterAll(async () => {
    await shards[Symbol.asyncDispose]();
    await set[Symbol.asyncDispose]();
  });

  test('the primary is found, past a Sentinel that is not there', async () => {
    expect(shards.runId(PARTITION)).toBe(await runIdOf(primary.address));
    await shards.rebuild(PARTITION);
    expect(await shards.cursor(PARTITION)).toBe(0);
  });

  test('wake-ups are heard', async () => {
    await waitForWakeUp(1);
  });

  test('when the primary is told to step down, all goes to the other one', async () => {
    await isReplica(set.replica);
    await onServer(set.sentinel, (sentinel) => sentinel.call('SENTINEL', 'FAILOVER', set.name));
    await movedTo(set.replica);
  });

  test('when the primary hangs, all goes to the other one, which takes the shard for lost', async () => {
    await shards.rebuild(PARTITION);
    await isReplica(set.primary);
    set.replica.process.signal('SIGSTOP');
    await movedTo(set.primary);
    set.replica.process.signal('SIGCONT');
  });

  test('when the primary dies, all goes to the other one, which takes the shard for lost', async () => {
    await shards.rebuild(PARTITION);
    await isReplica(set.replica);
    await set.primary.process.kill();
    await expect(shards.cursor(PARTITION)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await movedTo(set.replica);
  });

  /** Ready again, with the run id of the new primary; the shard has to be rebuilt, and wake-ups are heard. */
  async function movedTo(node: RedisNode): Promise<void> {
    const runId = await runIdOf(node.address);
    expect(runId).not.toBe(await runIdOf(primary.address).catch(() => 'gone'));
    await waitFor('the new primary', () => shards.servers.ready && shards.runId(PARTITION) === runId);
    primary = node;
    expect(await shards.cursor(PARTITION)).toBeNull();
    await shards.rebuild(PARTITION);
    expect(await shards.cursor(PARTITION)).toBe(0);
    await waitForWakeUp(heard.length + 1_000);
  }

  /** The Sentinel takes only a replica that it knows and that has the data. */
  async function isReplica(node: RedisNode): Promise<void> {
    await waitFor('the replica', async () => {
      const info = await onServer(node.address, (redis) => redis.info('replication'));
      return info.includes('role:slave') && info.includes('master_link_status:up');
    });
    await waitFor('the Sentinel to know it', async () => {
      const replicas = await onServer(set.sentinel, (sentinel) =>
        sentinel.call('SENTINEL', 'REPLICAS', set.name),
      );
      const shown = JSON.stringify(replicas);
      return shown.includes('"flags","slave"') && shown.includes('"master-link-status","ok"');
    });
  }

  async function waitForWakeUp(at: number): Promise<void> {
    await waitFor('a wake-up', async () => {
      await shards
        .holder(PARTITION)
        .connection.redis.publish(wakeChannel(KEY_PREFIX, 'orders', PARTITION), String(at));
      return heard.includes(at);
    });
  }
});

test('a search for the primary can be given up', async () => {
  const { servers } = ShardsOnRedis.of({
    ...configuration({ sentinel: '127.0.0.1:2', name: 'box' }),
  });
  const start = servers.start();
  await waitFor('an attempt', () => servers.lastError.includes('sentinel'));
  await servers.stop();
  await expect(start).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

function configuration({ sentinel, name }: Pick<SentinelSet, 'sentinel' | 'name'>): RedisConfig {
  return {
    kind: 'sentinels',
    sentinels: [address('127.0.0.1:1'), address(sentinel)],
    name,
    sentinelPassword: null,
    access: { username: null, password: null, tls: null },
    keyPrefix: KEY_PREFIX,
  };
}
