import { expect, test } from '@jest/globals';
import { certificateFindings } from '../../../src/doctor/certificate-findings.ts';
import { clockFindings } from '../../../src/doctor/clock-findings.ts';
import { redisFindings } from '../../../src/doctor/redis-findings.ts';
import type { RedisSeen } from '../../../src/doctor/redis-findings.ts';
import { aRoute, DAY } from './topics.ts';

const GIB = 2 ** 30;
const SOUND = {
  maxmemory_policy: 'noeviction',
  redis_version: '7.0.15',
  maxmemory: String(4 * GIB),
  used_memory: String(GIB),
  connected_slaves: '0',
  aof_enabled: '0',
};

function found(
  info: Partial<typeof SOUND>,
  settings: RedisSeen['settings'] = { save: '', minReplicas: 0 },
  routes = 1,
): string[] {
  const seen = { subject: 'Redis', info: new Map(Object.entries({ ...SOUND, ...info })), settings };
  return redisFindings({ routes: Array.from({ length: routes }, () => aRoute()) }, [seen]).map(
    ({ severity, code }) => `${severity} ${code}`,
  );
}

test.each([
  [{}, []],
  [{ maxmemory_policy: 'allkeys-lru' }, ['error redis-evicts']],
  [{ redis_version: '6.0.16' }, ['error redis-version']],
  [{ redis_version: '6.2.0' }, []],
  [{ maxmemory: '0' }, ['warning redis-unlimited']],
  [{ used_memory: String(3.5 * GIB) }, ['warning redis-nearly-full', 'warning redis-room']],
  [{ aof_enabled: '1' }, ['note redis-persistence']],
  [{ connected_slaves: '1' }, ['warning redis-min-replicas']],
])('Redis with %j', (info, expected) => {
  expect(found(info)).toEqual(expected);
});

test('room is measured against the limits of all routes', () => {
  expect(found({}, null, 3)).toEqual([]);
  expect(found({}, null, 4)).toEqual(['warning redis-room']);
});

test('what Redis does not tell of its settings is not guessed', () => {
  expect(found({ connected_slaves: '1' }, null)).toEqual([]);
  expect(found({ connected_slaves: '1' }, { save: '3600 1', minReplicas: 1 })).toEqual([
    'note redis-persistence',
  ]);
});

test.each([
  [1_500, 400, 'has a clock 1.1s ahead of this machine'],
  [-90_000, 0, 'has a clock 1.5m behind this machine'],
  [1_500, 600, null],
])('a clock %d ms ahead, give or take %d', (ahead, slack, what) => {
  const findings = clockFindings([{ subject: 'Redis', ahead, slack }]);
  expect(findings).toEqual(
    what === null
      ? []
      : [expect.objectContaining({ code: 'clock-skew', what: expect.stringContaining(what) })],
  );
});

test.each([
  [-1, 'error certificate-expired'],
  [29 * DAY, 'warning certificate-expires'],
  [30 * DAY, 'note certificate'],
])('a certificate that expires in %d ms', (left, expected) => {
  const now = Date.parse('2026-11-21T00:00:00Z');
  const seen = { subject: 'broker a:9093', expires: { kind: 'read', value: now + left } } as const;
  expect(certificateFindings([seen], now).map(({ severity, code }) => `${severity} ${code}`)).toEqual([
    expected,
  ]);
});
