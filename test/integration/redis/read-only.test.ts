import { expect, test } from '@jest/globals';
import { startRedis } from '../../../dev/stack/redis.ts';
import { onServer, ShardsOnRedis } from '../../support/redis-servers.ts';
import { waitFor } from '../../support/wait-for.ts';

test('a primary that has become a replica is left, and looked for again', async () => {
  await using server = await startRedis();
  await using shards = await ShardsOnRedis.open({ kind: 'url', url: server.url, keyPrefix: 'modes:' });
  await shards.rebuild(0);
  const at = `127.0.0.1:${server.port}`;
  let closed = 0;
  shards.holder(0).connection.redis.on('close', () => closed++);

  await onServer(at, (redis) => redis.replicaof('127.0.0.1', '1'));
  await expect(shards.cursor(0)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('READONLY'),
  });
  await waitFor('the connection to be given up', () => closed > 0);

  await onServer(at, (redis) => redis.replicaof('NO', 'ONE'));
  await waitFor('the same server again', () => shards.servers.ready);
  expect(await shards.cursor(0)).toBe(0);
});

test('a primary with too few replicas is not there for now', async () => {
  await using server = await startRedis();
  await using shards = await ShardsOnRedis.open({ kind: 'url', url: server.url, keyPrefix: 'modes:' });
  await shards.rebuild(0);
  const at = `127.0.0.1:${server.port}`;
  await onServer(at, (redis) => redis.config('SET', 'min-replicas-to-write', '1'));
  await expect(shards.cursor(0)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
