import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/gate/clock.ts';
import { HttpCaller } from '../../../src/gate/http.ts';
import { ManualGateClock } from './support/gate-clock.ts';

const answering = (status: number, body: string, headers: Record<string, string> = {}) =>
  new HttpCaller(
    { service: 'http://a.test', fetch: async () => new Response(body, { status, headers }) },
    new ManualGateClock(),
  );

const error = (code: string): string => JSON.stringify({ code, message: 'm', retryable: true });

describe('a call', () => {
  it.each([
    [200, '{"a":1}', { kind: 'ok', body: { a: 1 } }],
    [201, '{}', { kind: 'ok' }],
    [200, '<html>', { kind: 'none', reason: 'malformed' }],
    [409, error('FENCED'), { kind: 'refused', code: 'FENCED', message: 'm' }],
    [503, error('NOT_READY'), { kind: 'refused', code: 'NOT_READY', retryAfterMs: 0 }],
    [503, error('OVERLOADED'), { kind: 'none', reason: 'status' }],
    [503, 'upstream connect error', { kind: 'none', reason: 'status' }],
    [500, error('NOT_READY'), { kind: 'none', reason: 'status' }],
    [502, '', { kind: 'none', reason: 'status' }],
    [429, error('LIMITED'), { kind: 'refused', code: 'LIMITED' }],
    [404, 'not found', { kind: 'refused', code: 'HTTP_404' }],
  ])('%i %s', async (status, body, expected) => {
    expect(await answering(status, body).post('/x', {}, 1000)).toMatchObject(expected);
  });

  it('takes the time to wait from Retry-After', async () => {
    const caller = answering(503, error('NOT_READY'), { 'retry-after': '2' });
    expect(await caller.post('/x', {}, 1000)).toMatchObject({ retryAfterMs: 2000 });
  });

  it('is given up when no answer comes in time, and leaves no timer behind', async () => {
    const clock = new ManualGateClock();
    const fetch = (_url: unknown, init?: RequestInit): Promise<never> =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => {
          reject(new Error('aborted'));
        });
      });
    const caller = new HttpCaller({ service: 'http://a.test', fetch: fetch }, clock);
    const answer = caller.post('/x', {}, 1000);
    await clock.advance(1000);
    expect(await answer).toMatchObject({ kind: 'none', reason: 'timeout' });
    const given = new AbortController();
    const other = caller.post('/x', {}, 1000, given.signal);
    given.abort();
    expect(await other).toMatchObject({ kind: 'none', reason: 'network' });
    expect(clock.pending).toBe(0);
  });

  it('goes to the next address after no answer, and stays where it was answered', async () => {
    const urls: string[] = [];
    const fetch = async (url: unknown): Promise<Response> => {
      urls.push(String(url));
      if (urls.length === 1) throw new TypeError('fetch failed');
      return new Response('{}');
    };
    const service = ['http://a.test/', 'http://b.test/base/'];
    const caller = new HttpCaller({ service, fetch: fetch }, new ManualGateClock());
    for (let i = 0; i < 3; i += 1) await caller.post('/v1/x', {}, 1000);
    expect(urls).toEqual(['http://a.test/v1/x', 'http://b.test/base/v1/x', 'http://b.test/base/v1/x']);
  });

  it('speaks to a real server, with its token', async () => {
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      seen.push(request.method, request.url, request.headers.authorization);
      request.resume().on('end', () => response.end('{"ok":true}'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const service = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const answer = await new HttpCaller({ service, token: async () => 's3' }, systemClock).post(
      '/v1/x',
      {},
      5000,
    );
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    expect(answer).toEqual({ kind: 'ok', body: { ok: true } });
    expect(seen).toEqual(['POST', '/v1/x', 'Bearer s3']);
  });

  it('needs an address', () => {
    expect(() => new HttpCaller({ service: [] }, systemClock)).toThrow('at least one');
  });
});
