import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RouteOptions } from 'fastify';
import type { GrantedScope, TokenConfig } from '../../../../src/config/config.ts';
import { Api, type Answer, TestDesk } from '../../../support/api.ts';

const TOKENS: Record<GrantedScope, string> = {
  gate: 'gate-token-0123456789',
  read: 'read-token-0123456789',
  operate: 'operate-token-0123456789',
};

function tokenOf(scope: GrantedScope): TokenConfig {
  return {
    name: `may-${scope}`,
    scopes: [scope],
    source: { kind: 'variable', name: 'T', value: TOKENS[scope] },
  };
}

const AUTH = {
  tokens: [tokenOf('gate'), tokenOf('read'), tokenOf('operate')],
  oidc: null,
  protectMetrics: false,
};

const CALLS = {
  gate: { method: 'POST', url: '/v1/routes/orders/renewals', payload: { consumerId: 'c', claims: [] } },
  read: { method: 'GET', url: '/v1/routes' },
  operate: {
    method: 'POST',
    url: '/v1/routes/orders/locks/a/actions',
    payload: { action: 'park', reason: 'r', partition: 99 },
  },
} as const;

let api: Api;
beforeAll(() => {
  api = new Api([new TestDesk({})], undefined, { auth: AUTH });
});
afterAll(() => api[Symbol.asyncDispose]());

function call(kind: GrantedScope, token?: string, of = api): Promise<Answer> {
  return of.ask({ ...CALLS[kind], headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
}

test('every path declares who may call it', async () => {
  const routes: RouteOptions[] = [];
  const { app } = new Api([new TestDesk({})], undefined, {
    auth: AUTH,
    onRoute: (route) => routes.push(route),
  });
  await app.ready();
  const silent = routes.filter(({ config }) => config?.scope === undefined).map(({ url }) => url);
  expect(routes.length).toBeGreaterThan(15);
  expect(silent).toEqual([]);
  const open = routes.filter(({ config }) => config?.scope === 'open').map(({ url }) => url);
  expect([...new Set(open)].filter((url) => !url.startsWith('/docs')).sort()).toEqual([
    '/livez',
    '/metrics',
    '/openapi.json',
    '/readyz',
    '/v1',
  ]);
  await app.close();
});

describe('each scope opens its own calls', () => {
  const kinds: GrantedScope[] = ['gate', 'read', 'operate'];
  test.each(kinds.flatMap((has) => kinds.map((wants) => [has, wants] as const)))(
    'a token for %s calls what needs %s',
    async (has, wants) => {
      const { status, body, headers } = await call(wants, TOKENS[has]);
      if (has === wants || (has === 'operate' && wants === 'read')) {
        expect(status).not.toBe(401);
        expect(status).not.toBe(403);
        return;
      }
      expect([status, body['code'], body['retryable']]).toEqual([403, 'FORBIDDEN', false]);
      expect(headers['www-authenticate']).toContain(`error="insufficient_scope", scope="${wants}"`);
    },
  );
});

test.each<[what: string, authorization: string | undefined, error: boolean]>([
  ['no token', undefined, false],
  ['an unknown token', 'Bearer unknown-token-0123456789', true],
  ['something like a JWT', 'Bearer a.b.c', true],
  ['another scheme', `Basic ${TOKENS.operate}`, true],
  ['the bare token', TOKENS.operate, true],
  ['nothing behind Bearer', 'Bearer ', true],
])('%s is refused with 401', async (_what, authorization, error) => {
  const headers = authorization === undefined ? {} : { authorization };
  for (const kind of ['gate', 'read', 'operate'] as const) {
    const answer = await api.ask({ ...CALLS[kind], headers });
    expect([answer.status, answer.body['code'], answer.body['retryable']]).toEqual([
      401,
      'UNAUTHENTICATED',
      false,
    ]);
    expect(String(answer.headers['www-authenticate']).startsWith('Bearer realm=')).toBe(true);
    expect(String(answer.headers['www-authenticate']).includes('invalid_token')).toBe(error);
    expect(answer.text).not.toContain(TOKENS.operate);
  }
});

test('what the platform asks is open, and /metrics unless that is not wanted', async () => {
  for (const url of ['/livez', '/readyz', '/metrics', '/openapi.json', '/v1']) {
    expect((await api.get(url)).status).toBe(200);
  }
  await using closed = new Api([new TestDesk({})], undefined, { auth: { ...AUTH, protectMetrics: true } });
  expect((await closed.get('/metrics')).status).toBe(401);
  const headers = { authorization: `Bearer ${TOKENS.read}` };
  expect((await closed.ask({ method: 'GET', url: '/metrics', headers })).status).toBe(200);
});

describe('GET /v1', () => {
  const ask = (token?: string, of = api): Promise<Answer> =>
    of.ask({
      method: 'GET',
      url: '/v1',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });

  test('says how callers are known, and what the one who asks may', async () => {
    expect((await ask()).body).toEqual({
      name: 'retry-orchestrator',
      version: '0.0.0',
      environment: null,
      authentication: 'tokens',
      you: { name: 'anonymous', scopes: [] },
    });
    expect((await ask(TOKENS.operate)).body['you']).toEqual({ name: 'may-operate', scopes: ['operate'] });
    expect((await ask('unknown-token-0123456789')).status).toBe(401);
  });

  test('says so where everybody may', async () => {
    await using open = new Api([new TestDesk({})]);
    expect((await ask(undefined, open)).body).toMatchObject({
      authentication: 'none',
      you: { name: 'anonymous', scopes: ['gate', 'read', 'operate'] },
    });
  });
});

describe('without authentication', () => {
  test.each([
    ['a warning where nothing was said', null, 'warn'],
    ['a note where it was meant', 'none' as const, 'info'],
  ])('there is %s', async (_what, auth, level) => {
    await using open = new Api([new TestDesk({})], undefined, { auth });
    await open.authentication.start();
    expect(open.logged('no_authentication').map((line) => line['level'])).toEqual([level]);
    expect((await call('operate', undefined, open)).status).not.toBe(401);
    expect((await call('gate', 'whatever-is-sent-along', open)).status).toBe(200);
  });
});

describe('limits', () => {
  test('hold for each token, not for the gate, and say when to come again', async () => {
    await using limited = new Api([new TestDesk({})], undefined, {
      auth: AUTH,
      limits: { callsPerMinute: 2 },
    });
    const statuses: number[] = [];
    for (let time = 0; time < 3; time++) statuses.push((await call('read', TOKENS.read, limited)).status);
    expect(statuses.map((status) => status === 429)).toEqual([false, false, true]);
    const { body, headers } = await call('read', TOKENS.read, limited);
    expect(body).toMatchObject({ code: 'LIMITED', retryable: true });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect((await call('read', TOKENS.operate, limited)).status).not.toBe(429);
    for (let time = 0; time < 5; time++) expect((await call('gate', TOKENS.gate, limited)).status).toBe(200);
  });

  test('hold for the gate where that is wanted', async () => {
    await using limited = new Api([new TestDesk({})], undefined, {
      auth: AUTH,
      limits: { gateCallsPerMinute: 1 },
    });
    expect((await call('gate', TOKENS.gate, limited)).status).toBe(200);
    expect((await call('gate', TOKENS.gate, limited)).status).toBe(429);
  });

  test('an address that is refused too often waits, and those who may still get in from there', async () => {
    await using limited = new Api([new TestDesk({})], undefined, {
      auth: AUTH,
      limits: { refusalsPerMinute: 3 },
    });
    const statuses: number[] = [];
    for (let guess = 0; guess < 5; guess++)
      statuses.push((await call('read', `guess-0123456789-${guess}`, limited)).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await call('gate', TOKENS.gate, limited)).status).toBe(200);
  });
});

test('a try to act without the right is in the audit; one to look is not', async () => {
  await using own = new Api([new TestDesk({})], undefined, { auth: AUTH, limits: { refusalsPerMinute: 2 } });
  await call('read', TOKENS.gate, own);
  await call('operate', TOKENS.read, own);
  await call('operate', TOKENS.read, own); // one too many: it must not push the others out
  expect(own.trail.deeds).toMatchObject([
    {
      who: 'may-read',
      address: '127.0.0.1',
      route: 'orders',
      action: 'POST /v1/routes/:route/locks/:key/actions',
      result: { refused: 'FORBIDDEN' },
    },
  ]);
});

test('large bodies are for the gate alone', async () => {
  const large = { action: 'park', reason: 'r', partition: 0, padding: 'x'.repeat(600_000) };
  expect(
    (
      await api.ask({
        ...CALLS.operate,
        payload: large,
        headers: { authorization: `Bearer ${TOKENS.operate}` },
      })
    ).status,
  ).toBe(413);
  const gate = { consumerId: 'c', claims: [], padding: 'x'.repeat(600_000) };
  expect(
    (await api.ask({ ...CALLS.gate, payload: gate, headers: { authorization: `Bearer ${TOKENS.gate}` } }))
      .status,
  ).toBe(200);
});

test('answers carry an id, and what keeps browsers from guessing', async () => {
  const given = await api.ask({ method: 'GET', url: '/v1', headers: { 'x-request-id': 'abc-1' } });
  expect(given.headers).toMatchObject({
    'x-request-id': 'abc-1',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  });
  const forged = await api.ask({ method: 'GET', url: '/v1', headers: { 'x-request-id': '"}{' } });
  expect(forged.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});
