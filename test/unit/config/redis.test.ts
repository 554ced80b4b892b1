import { describe, expect, test } from '@jest/globals';
import type { RedisConfig } from '../../../src/config/config.ts';
import { readSection } from '../../../src/config/read-section.ts';
import { readRedis } from '../../../src/config/redis.ts';
import { redisSettings } from '../../../src/config/settings/redis.ts';

interface Result {
  readonly config: RedisConfig;
  readonly problems: readonly string[];
}

function read(written: Record<string, unknown>, env: Record<string, string> = {}): Result {
  const problems: string[] = [];
  const reading = {
    env,
    problem: (path: string, message: string) => problems.push(`${path}: ${message}`),
  };
  const config = readRedis(readSection(redisSettings, written, 'redis', reading), written, reading);
  return { config, problems };
}

const access = { username: null, password: null, tls: false };

const memory = { leaveOutAt: 0.75, stopAt: 0.9 };

describe('Redis is found', () => {
  test('by a URL, if nothing else is said', () => {
    expect(read({}).config).toEqual({
      kind: 'url',
      url: 'redis://localhost:6379/0',
      keyPrefix: 'ro:',
      memory,
    });
  });

  test('through Sentinels', () => {
    const sentinels = ['s1:26379', '[::1]:26380'];
    const { config, problems } = read({ sentinels, sentinelName: 'box', username: 'ro', tls: true });
    expect(problems).toEqual([]);
    expect(config).toEqual({
      kind: 'sentinels',
      sentinels: [
        { host: 's1', port: 26_379 },
        { host: '::1', port: 26_380 },
      ],
      name: 'box',
      sentinelPassword: null,
      access: { username: 'ro', password: null, tls: true },
      keyPrefix: 'ro:',
      memory,
    });
  });

  test('as a Cluster', () => {
    expect(read({ cluster: ['n1:7000'] }).config).toEqual({
      kind: 'cluster',
      seeds: [{ host: 'n1', port: 7000 }],
      access,
      keyPrefix: 'ro:',
      memory,
    });
  });

  test('with passwords of the environment', () => {
    const env = { REDIS_PASSWORD: 'one', REDIS_SENTINEL_PASSWORD: 'two' };
    expect(read({ sentinels: ['s:1'], sentinelName: 'box' }, env).config).toMatchObject({
      sentinelPassword: 'two',
      access: { password: 'one' },
    });
  });

  test('by a URL that was made of a password that is in the environment too', () => {
    const env = { REDIS_URL: 'redis://:one@r', REDIS_PASSWORD: 'one', REDIS_SENTINEL_PASSWORD: 'two' };
    expect(read({}, env).problems).toEqual([]);
  });
});

test.each([
  [
    { url: 'redis://a', sentinels: ['s:1'], sentinelName: 'box' },
    {},
    'redis.url: is set beside redis.sentinels; keep one of them',
  ],
  [
    { sentinels: ['s:1'], cluster: ['n:1'], sentinelName: 'box' },
    {},
    'redis.sentinels: is set beside redis.cluster; keep one of them',
  ],
  [
    { cluster: ['n:1'] },
    { REDIS_URL: 'redis://a' },
    'REDIS_URL (for redis.url): is set beside redis.cluster; keep one of them',
  ],
  [
    { sentinels: ['s:1'] },
    {},
    'redis.sentinelName: is required with redis.sentinels: what they call the primary',
  ],
  [
    { cluster: ['n:1'], sentinelName: 'box' },
    {},
    'redis.sentinelName: belongs to redis.sentinels; remove it',
  ],
  [
    { password: 'hunter2' },
    {},
    'redis.password: belongs to redis.sentinels and redis.cluster; without them, write it into redis.url, as rediss://user:password@host',
  ],
  [{ cluster: ['n'] }, {}, 'redis.cluster: "n" is not an address like redis-1:6379'],
  [
    { cluster: ['redis://me:hunter2@n:1'] },
    {},
    'redis.cluster: the entry is not an address like redis-1:6379',
  ],
  [{ cluster: [] }, {}, 'redis.cluster: the list is empty; give at least one'],
])('%j with %j is refused', (written, env, problem) => {
  expect(read(written, env).problems).toEqual([problem]);
});
