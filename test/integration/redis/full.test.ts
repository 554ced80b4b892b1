import { expect, test } from '@jest/globals';
import { startRedis } from '../../../dev/stack/redis.ts';
import { RedisTrail } from '../../../src/audit/trail.ts';
import { systemClock } from '../../../src/clock.ts';
import { createLogger } from '../../../src/logger.ts';
import { Turns } from '../../../src/notifications/turns.ts';
import { ProbeGrants } from '../../../src/protection/probe-grants.ts';
import { SharedTallies } from '../../../src/protection/shared-tallies.ts';
import { keepFirst, keepInstead } from '../../../src/redis/expiring-text.ts';
import { Register } from '../../../src/redis/register.ts';
import { createServers } from '../../../src/redis/servers.ts';

test('when Redis is full, probes are granted, the breaker closes, and operators act and are recorded', async () => {
  await using server = await startRedis();
  const [keyPrefix, route] = ['full:', 'orders'];
  const servers = createServers(
    { kind: 'url', url: server.url, keyPrefix },
    { logger: createLogger('silent'), clock: systemClock },
  );
  await servers.start();
  try {
    const { redis } = servers.serverOf('').connection;
    await redis.config('SET', 'maxmemory', '100000');
    await expect(redis.set('any', 'thing')).rejects.toThrow('OOM');

    const grants = new ProbeGrants({ servers, keyPrefix, route });
    const asked = { since: 1, shard: 0, more: 2, probes: 5 };
    expect(await grants.ask(asked)).toBe(2);
    const now = (): number => 1_000;
    const tallies = (replica: string): SharedTallies =>
      new SharedTallies({ servers, keyPrefix, route, replica, now, keys: 20 });
    const seen = {
      ...{ span: 2_000, failed: 3, succeeded: 0 },
      ...{ partitions: [], aside: 0, committed: 0, keys: [] },
    };
    await tallies('one').exchange(1, [seen]);
    expect(await tallies('other').exchange(1, [seen])).toMatchObject([{ failed: 6 }]);
    const register = new Register({ servers, key: 'full:register' });
    expect(await register.replace(0, { version: 1, text: 'closed' })).toBe(true);
    expect(await new Turns({ servers, keyPrefix, interval: 60_000 }).take(route)).toBe(0);

    expect(await keepFirst(redis, 'full:text', 'one', 60_000)).toBeNull();
    expect(await keepInstead(redis, 'full:text', 'two')).toBe(true);
    expect(await keepFirst(redis, 'full:text', 'three', 60_000)).toMatchObject({ text: 'two' });
    expect(await keepInstead(redis, 'full:nothing', 'two')).toBe(false);
    const trail = new RedisTrail({ servers, keyPrefix, kept: 2 });
    const deed = { ...{ at: 1, who: 'ops', address: '', requestId: '' }, ...{ action: 'pause', route } };
    for (const reason of ['first', 'second', 'third']) {
      await trail.append({ ...deed, reason, target: {}, result: {} });
    }
    const all = { route: null, action: null, who: null, since: 0, limit: 10, cursor: null };
    expect((await trail.read(all)).deeds.map(({ reason }) => reason)).toEqual(['third', 'second']);
  } finally {
    await servers.stop();
  }
});
