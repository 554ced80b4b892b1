import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/clock.ts';
import { createLogger } from '../../../src/logger.ts';
import { Turns } from '../../../src/notifications/turns.ts';
import { createServers } from '../../../src/redis/servers.ts';
import { redisUrl } from '../../support/stack.ts';
import { waitFor } from '../../support/wait-for.ts';

test('one replica has its turn in an interval, for each route, and the others hear how long it lasts', async () => {
  const keyPrefix = `turns-${randomBytes(4).toString('hex')}:`;
  const servers = createServers(
    { kind: 'url', url: redisUrl, keyPrefix },
    { logger: createLogger('silent'), clock: systemClock },
  );
  await servers.start();
  try {
    const replica = (interval: number): Turns => new Turns({ servers, keyPrefix, interval });
    expect(await replica(60_000).take('orders')).toBe(0);
    const wait = await replica(60_000).take('orders');
    expect(wait).toBeGreaterThan(50_000);
    expect(wait).toBeLessThanOrEqual(60_000);
    expect(await replica(100).take('mails')).toBe(0);
    await waitFor('the next turn', async () => (await replica(100).take('mails')) === 0);
  } finally {
    await servers.stop();
  }
});
