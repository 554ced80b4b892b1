import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/clock.ts';
import { createLogger } from '../../../src/logger.ts';
import { Register } from '../../../src/redis/register.ts';
import { createServers } from '../../../src/redis/servers.ts';
import { redisUrl } from '../../support/stack.ts';

test('only who has read the latest value replaces it', async () => {
  const redis = { kind: 'url', url: redisUrl, keyPrefix: 'register:' } as const;
  const servers = createServers(redis, { logger: createLogger('silent'), clock: systemClock });
  await servers.start();
  const key = `register:${String(process.pid)}`;
  try {
    const [one, other] = [new Register({ servers, key }), new Register({ servers, key })];
    expect(await one.read()).toEqual({ version: 0, text: '' });
    expect(await one.replace(0, { version: 7, text: 'seven' })).toBe(true);
    expect(await other.replace(0, { version: 8, text: 'eight' })).toBe(false);
    expect(await other.read()).toEqual({ version: 7, text: 'seven' });
    expect(await other.replace(7, { version: 8, text: 'eight' })).toBe(true);
    expect(await one.read()).toEqual({ version: 8, text: 'eight' });
  } finally {
    await servers.serverOf(key).connection.redis.del(key);
    await servers.stop();
  }
});
