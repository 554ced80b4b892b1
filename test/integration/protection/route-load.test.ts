import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/clock.ts';
import { createLogger } from '../../../src/logger.ts';
import { type Load, RouteLoad } from '../../../src/protection/route-load.ts';
import { createServers } from '../../../src/redis/servers.ts';
import { shardKeys } from '../../../src/redis/shard-keys.ts';
import { redisUrl } from '../../support/stack.ts';

test('the load of a route is that of all its shards, as Redis has them', async () => {
  const [keyPrefix, route, logger] = [`load-${String(process.pid)}:`, 'orders', createLogger('silent')];
  const servers = createServers({ kind: 'url', url: redisUrl, keyPrefix }, { logger, clock: systemClock });
  await servers.start();
  const { redis } = servers.serverOf('').connection;
  const [first = [], , third = []] = [0, 1, 2].map((partition) => shardKeys(keyPrefix, route, partition));
  const read: Load[] = [];
  const load = new RouteLoad({
    ...{ servers, keyPrefix, route, logger, clock: systemClock },
    partitions: () => 3,
    onRead: (each) => read.push(each),
  });
  try {
    await redis.hset(first[1] ?? '', 'ka', '1', 'kb', '2');
    await redis.hset(third[1] ?? '', 'kc', '3');
    await redis.hset(first[0] ?? '', 'heldBytes', '1000');
    await redis.hset(third[0] ?? '', 'heldBytes', '24');
    await load.start();
    expect(read[0]).toEqual({ lockedKeys: 3, heldBytes: 1_024 });
    expect(load.lockedKeys).toBe(3);
  } finally {
    await load.stop();
    await redis.del(...first, ...third);
    await servers.stop();
  }
});
