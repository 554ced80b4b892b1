import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { Audit } from '../../../src/audit/audit.ts';
import type { Deed, RecordedDeed } from '../../../src/audit/deed.ts';
import { createLogger } from '../../../src/logger.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryTrail } from '../../support/memory-trail.ts';
import { Api, TestDesk } from '../../support/api.ts';

const DEED: Deed = {
  action: 'park',
  route: 'orders',
  target: { key: 'Order-123', partition: 3 },
  reason: 'it loops',
  result: { outcome: 'done', entries: 2 },
};

const REQUEST = {
  id: 'request-1',
  ip: '10.0.0.9',
  principal: { name: 'anne', kind: 'jwt', scopes: ['operate'] },
} as unknown as FastifyRequest;

let lines: Record<string, unknown>[];
let lost: [route: string, target: string][];
let published: RecordedDeed[];
let trail: MemoryTrail;
beforeEach(() => {
  [lines, lost, published, trail] = [[], [], [], new MemoryTrail()];
});

function auditOf({ logKeys = false, failing = false } = {}): Audit {
  return new Audit({
    trail,
    publish: (deed) => {
      if (failing) return Promise.reject(new Error('Kafka is away'));
      published.push(deed);
      return Promise.resolve();
    },
    routes: new Set(['orders']),
    onLost: (...what) => lost.push(what),
    logger: createLogger(
      'info',
      { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
      { keys: logKeys },
    ),
    clock: new FakeClock(5_000),
    logKeys,
  });
}

test('a deed is kept with who did it, from where and when', async () => {
  const audit = auditOf();
  audit.record(REQUEST, DEED);
  await audit.stop();
  const recorded = { ...DEED, at: 5_000, who: 'anne', address: '10.0.0.9', requestId: 'request-1' };
  expect(trail.deeds).toEqual([recorded]);
  expect(published).toEqual([recorded]);
});

test('the log has all of it but the key, which it has where that is wanted', async () => {
  auditOf().record(REQUEST, DEED);
  expect(lines).toMatchObject([
    {
      event: 'audit',
      who: 'anne',
      action: 'park',
      route: 'orders',
      partition: 3,
      reason: 'it loops',
      result: DEED.result,
    },
  ]);
  auditOf().record(REQUEST, {
    ...DEED,
    target: { filter: { keyPrefix: 'Order-123' }, keyBase64: 'Order-123' },
  });
  expect(JSON.stringify(lines)).not.toContain('Order-123');
  auditOf({ logKeys: true }).record(REQUEST, DEED);
  expect(lines.at(-1)).toMatchObject({ target: { key: 'Order-123' } });
});

test('a deed that could not be kept is counted and told, and nothing fails of it', async () => {
  const audit = auditOf({ failing: true });
  trail.failure = new Error('Redis is away');
  audit.record(REQUEST, DEED);
  await audit.stop();
  expect(lost.sort()).toEqual([
    ['orders', 'kafka'],
    ['orders', 'redis'],
  ]);
  expect(lines.filter(({ event }) => event === 'audit_not_kept')).toHaveLength(2);
});

test('what is too large to keep leaves its size', async () => {
  const audit = auditOf();
  audit.record(REQUEST, {
    ...DEED,
    target: { positions: Array.from({ length: 2_000 }, (_, offset) => ({ offset })) },
  });
  await audit.stop();
  expect(trail.deeds[0]?.target).toEqual({ tooLargeToKeep: expect.any(Number) });
});

let api: Api;
beforeAll(() => {
  api = new Api([new TestDesk({})]);
});
afterAll(() => api[Symbol.asyncDispose]());

test.each([
  'limit=0',
  'limit=1001',
  'cursor=x',
  'cursor=1-99999999999999999999',
  'since=soon',
  'since=2026-13-45',
])('GET /v1/audit?%s is refused', async (query) => {
  const { status, body } = await api.get(`/v1/audit?${query}`);
  expect([status, body['code']]).toEqual([400, 'INVALID']);
});

test.each(['since=24h', 'since=2026-11-21T18:00:00Z', 'since=2026-11-21', 'cursor=1-0'])(
  'GET /v1/audit?%s is answered',
  async (query) => {
    expect((await api.get(`/v1/audit?${query}`)).body).toEqual({ deeds: [], cursor: null });
  },
);
