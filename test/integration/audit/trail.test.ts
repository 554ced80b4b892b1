import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RecordedDeed } from '../../../src/audit/deed.ts';
import { RedisTrail, type TrailPage, type TrailQuery } from '../../../src/audit/trail.ts';
import { systemClock } from '../../../src/clock.ts';
import { createLogger } from '../../../src/logger.ts';
import { createServers, type RedisServers } from '../../../src/redis/servers.ts';
import { redisUrl } from '../../support/stack.ts';

let servers: RedisServers;
beforeAll(async () => {
  const logger = createLogger('silent');
  servers = createServers({ kind: 'url', url: redisUrl, keyPrefix: '' }, { logger, clock: systemClock });
  await servers.start();
});
afterAll(() => servers.stop());

function trailOf(kept: number): RedisTrail {
  return new RedisTrail({ servers, keyPrefix: `${randomUUID()}:`, kept });
}

function deed(more: Partial<RecordedDeed> = {}): RecordedDeed {
  return {
    at: Date.now(),
    who: 'ops',
    address: '127.0.0.1',
    requestId: 'r',
    action: 'park',
    route: 'orders',
    target: { key: 'a' },
    reason: 'why',
    result: { outcome: 'done' },
    ...more,
  };
}

const ANY: TrailQuery = { route: null, action: null, who: null, since: 0, limit: 100, cursor: null };

async function all(trail: RedisTrail, query: Partial<TrailQuery>): Promise<TrailPage['deeds'][number][]> {
  const deeds: TrailPage['deeds'][number][] = [];
  let cursor: string | null = null;
  do {
    const page: TrailPage = await trail.read({ ...ANY, ...query, cursor });
    deeds.push(...page.deeds);
    cursor = page.cursor;
  } while (cursor !== null);
  return deeds;
}

test('the newest deeds come first, page after page, and the oldest are forgotten', async () => {
  const trail = trailOf(700);
  for (let number = 0; number < 1_000; number += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => trail.append(deed({ reason: String(number + i) }))),
    );
  }
  const expected = Array.from({ length: 700 }, (_, i) => String(999 - i));
  for (const limit of [100, 300, 1_000]) {
    expect((await all(trail, { limit })).map(({ reason }) => reason)).toEqual(expected);
  }
  expect(await trailOf(1).read(ANY)).toEqual({ deeds: [], cursor: null });
});

test('deeds are found by route, action, who and time, together', async () => {
  const trail = trailOf(100);
  const now = Date.now();
  await trail.append(deed({ reason: '1', at: now - 5_000 }));
  await trail.append(deed({ reason: '2', route: 'other' }));
  await trail.append(deed({ reason: '3', action: 'unpark' }));
  await trail.append(deed({ reason: '4', who: 'anne' }));
  await trail.append(deed({ reason: '5' }));
  const found = async (query: Partial<TrailQuery>): Promise<string> =>
    (await all(trail, query)).map(({ reason }) => reason).join('');
  expect(await found({})).toBe('54321');
  expect(await found({ route: 'orders' })).toBe('5431');
  expect(await found({ action: 'unpark' })).toBe('3');
  expect(await found({ who: 'anne' })).toBe('4');
  expect(await found({ since: now - 1_000 })).toBe('5432');
  expect(await found({ route: 'orders', action: 'park', who: 'ops', since: now - 1_000 })).toBe('5');
  expect(await found({ who: 'an' })).toBe('');
});

test('what is looked for and rare takes several calls, none of which looks at more than 2,000', async () => {
  const trail = trailOf(10_000);
  await trail.append(deed({ who: 'anne' }));
  for (let number = 0; number < 2_500; number += 500) {
    await Promise.all(Array.from({ length: 500 }, () => trail.append(deed())));
  }
  const page = await trail.read({ ...ANY, who: 'anne' });
  expect(page.deeds).toEqual([]);
  expect(page.cursor).not.toBeNull();
  expect((await trail.read({ ...ANY, who: 'anne', cursor: page.cursor })).deeds).toHaveLength(1);
});
