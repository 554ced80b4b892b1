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

const access = { username: null, password: null, tls: null };
const tls = { ca: null, cert: null, key: null, serverName: null };

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
      access: { username: 'ro', password: null, tls },
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

  test('by a URL, with what it does not say from elsewhere', () => {
    const env = { REDIS_URL: 'rediss://service@r:6380/2', REDIS_PASSWORD: 'p@ss%word' };
    expect(read({ tls: { serverName: 'redis.internal' } }, env)).toEqual({
      problems: [],
      config: {
        kind: 'url',
        url: 'rediss://r:6380/2',
        access: {
          username: 'service',
          password: 'p@ss%word',
          tls: { ...tls, serverName: 'redis.internal' },
        },
        keyPrefix: 'ro:',
        memory,
      },
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
    { url: 'redis://:one@r', password: 'hunter2' },
    {},
    'redis.password: is another one than in redis.url; keep one of them',
  ],
  [
    { url: 'redis://me@r' },
    { REDIS_USERNAME: 'you' },
    'REDIS_USERNAME (for redis.username): is another one than in redis.url; keep one of them',
  ],
  [
    { password: 'hunter2', passwordFile: '/run/secrets/redis' },
    {},
    'redis.passwordFile: is set beside redis.password; keep one of them',
  ],
  [
    { passwordFile: '/nowhere/at/all' },
    {},
    "redis.passwordFile: can't be read: ENOENT: no such file or directory, open '/nowhere/at/all'",
  ],
  [
    { tls: { caFile: import.meta.filename } },
    {},
    `redis.tls.caFile: ${import.meta.filename} does not hold a certificate in PEM form (-----BEGIN …)`,
    'redis.tls.caFile: means nothing without TLS: redis.tls.enabled: true, or a URL that begins with rediss://',
  ],
  [
    { url: 'redis://r', tls: true },
    {},
    'redis.tls.enabled: is true, and redis.url begins with redis://; change one of them',
  ],
  [{ cluster: ['n'] }, {}, 'redis.cluster: "n" is not an address like redis-1:6379'],
  [
    { cluster: ['redis://me:hunter2@n:1'] },
    {},
    'redis.cluster: the entry is not an address like redis-1:6379',
  ],
  [{ cluster: [] }, {}, 'redis.cluster: the list is empty; give at least one'],
])('%j with %j is refused', (written, env, ...problems) => {
  expect(read(written, env).problems).toEqual(problems);
});
