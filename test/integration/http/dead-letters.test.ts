import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Api, TestDesk } from '../../support/api.ts';
import { GIVEN_UP } from '../../support/dead-letter-bench.ts';
import { IndexerBench } from '../../support/indexer-bench.ts';
import type { IndexingReplica } from '../../support/indexer-bench.ts';

let bench: IndexerBench;
let replica: IndexingReplica;
let api: Api;

beforeAll(async () => {
  bench = await IndexerBench.open();
  await bench.send(
    0,
    { origin: 0, key: 'a', value: '{"order":12}', reason: 'fatal', errorClass: 'Bang', error: 'No stock' },
    { origin: 1, key: null, value: 'plain' },
    { origin: 2, key: 'b', value: 'ü'.repeat(100) },
  );
  await bench.send(1, { origin: 3, key: 'a' }, { origin: 3, key: 'a' });
  replica = await bench.replica(0, 1);
  await bench.counted(replica, 4);
  const desk = new TestDesk({ ...bench.route });
  desk.deadLetters = replica.deadLetters.desk;
  const missing = new TestDesk({ ...bench.route, name: 'missing' });
  missing.deadLetters = (await bench.another('missing')).deadLetters.desk;
  api = new Api([desk, missing]);
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

const path = (rest = ''): string => `/v1/routes/${bench.id}/dead-letters${rest}`;

async function list(query: string): Promise<string[]> {
  const { status, body } = await api.get(path(`?${query}`));
  expect({ status, body }).toMatchObject({ status: 200, body: { complete: true } });
  const letters = body['deadLetters'] as { partition: number; offset: number }[];
  return letters.map(({ partition, offset }) => `${partition}/${offset}`);
}

describe('a listing', () => {
  test('shows of a dead letter what one asks first', async () => {
    const { body } = await api.get(path('?key=a&limit=1'));
    expect(body).toEqual({
      deadLetters: [
        {
          ...{ partition: 1, offset: 0, key: 'a', status: 'open', settled: null, copyOf: null },
          ...{ source: 'service', reason: 'exhausted', errorClass: 'Boom', errorMessage: 'it broke' },
          ...{ origin: { topic: 'main', partition: 0, offset: 3 }, attempt: 7, redrive: null },
          ...{ firstFailedAt: GIVEN_UP - 500, deadLetteredAt: GIVEN_UP + 3 },
          ...{ valueAtOrigin: false, valueBytes: 1 },
        },
      ],
      cursor: expect.any(String),
      complete: true,
      indexedUpTo: [
        { partition: 0, offset: 3, restored: true },
        { partition: 1, offset: 2, restored: true },
      ],
    });
  });

  test.each([
    ['', ['1/0', '0/2', '0/1', '0/0']],
    ['status=all', ['1/1', '1/0', '0/2', '0/1', '0/0']],
    ['status=duplicate', ['1/1']],
    ['key=a', ['1/0', '0/0']],
    ['keyBase64=YQ==', ['1/0', '0/0']],
    ['reason=fatal&errorClass=Bang', ['0/0']],
    ['error=stock', ['0/0']],
    ['partition=1&source=service', ['1/0']],
    [
      `from=${new Date(GIVEN_UP + 1).toISOString()}&to=${new Date(GIVEN_UP + 3).toISOString()}`,
      ['0/2', '0/1'],
    ],
  ])('with %j has %j', async (query, expected) => {
    await expect(list(query)).resolves.toEqual(expected);
  });

  test('goes on where a page ended', async () => {
    const seen: unknown[] = [];
    for (let cursor = ''; ;) {
      const { body } = await api.get(path(`?limit=3${cursor && `&cursor=${cursor}`}`));
      seen.push((body['deadLetters'] as unknown[]).length);
      if (body['cursor'] === null) break;
      cursor = body['cursor'] as string;
    }
    expect(seen).toEqual([3, 1]);
  });

  test.each([
    'cursor=nonsense',
    'cursor=',
    'limit=0',
    'status=eaten',
    'key=a&keyBase64=YQ==',
    'from=soon',
    'reason=bored',
    'partition=-1',
  ])('is refused with %j', async (query) => {
    await expect(api.get(path(`?${query}`))).resolves.toMatchObject({
      status: 400,
      body: { code: 'INVALID' },
    });
  });

  test('of a topic that is not there is empty', async () => {
    await expect(api.get('/v1/routes/missing/dead-letters')).resolves.toMatchObject({
      ...{ status: 200, body: { deadLetters: [], cursor: null, complete: false, indexedUpTo: [] } },
    });
    await expect(api.get('/v1/routes/missing/dead-letters/summary')).resolves.toMatchObject({
      ...{ status: 200, body: { open: null, groups: [] } },
    });
    await expect(api.get('/v1/routes/missing/dead-letters/0/0')).resolves.toMatchObject({ status: 404 });
  });
});

test('a summary counts open ones by reason and error class', async () => {
  const { body } = await api.get(path('/summary'));
  const groups = [
    { reason: 'exhausted', errorClass: 'Boom', count: 3, oldest: GIVEN_UP + 1, newest: GIVEN_UP + 3 },
    { reason: 'fatal', errorClass: 'Bang', count: 1, oldest: GIVEN_UP, newest: GIVEN_UP },
  ];
  expect(body).toEqual({ open: 4, withoutDetail: 0, groups });
});

describe('one dead letter', () => {
  test('is shown with its headers in order, and its payload as bytes, text and JSON', async () => {
    const { status, body } = await api.get(path('/0/0'));
    expect(status).toBe(200);
    const { headers, ...rest } = body as { headers: { name: string; text: string }[] };
    expect(rest).toMatchObject({
      ...{ partition: 0, offset: 0, key: 'a', status: 'open', reason: 'fatal', payloadFrom: 'record' },
      payload: {
        size: 12,
        truncated: false,
        base64: 'eyJvcmRlciI6MTJ9',
        text: '{"order":12}',
        json: { order: 12 },
      },
    });
    expect(headers.map(({ name, text }) => [name, text]).slice(0, 2)).toEqual([
      ['x-retry-route', bench.id],
      ['x-retry-origin-topic', 'main'],
    ]);
  });

  test('is cut where it is asked to be, between two characters', async () => {
    const { body } = await api.get(path('/0/2?payloadLimit=5'));
    expect(body['payload']).toEqual({ size: 200, truncated: true, base64: 'w7zDvMM=', text: 'üü' });
    const { body: none } = await api.get(path('/0/1?payloadLimit=0'));
    expect(none['payload']).toEqual({ size: 5, truncated: true, base64: '', text: '' });
    expect(none).not.toHaveProperty('key');
  });

  test.each(['/0/99', '/7/0', '/0/140737488355327'])('that is not at %s is unknown', async (rest) => {
    await expect(api.get(path(rest))).resolves.toMatchObject({
      ...{ status: 404, body: { code: 'UNKNOWN_DEAD_LETTER', retryable: false } },
    });
  });

  test.each(['/x/0', '/0/-1', '/0/0?payloadLimit=-1'])('at %s is refused', async (rest) => {
    await expect(api.get(path(rest))).resolves.toMatchObject({ status: 400 });
  });
});

test('dismissals settle what is open, once, and are recorded', async () => {
  const positions = [
    { partition: 0, offset: 2 },
    { partition: 0, offset: 2 },
    { partition: 1, offset: 1 },
    { partition: 0, offset: 50 },
    { partition: 0, offset: 2 ** 47 - 2 },
    { partition: 9, offset: 0 },
  ];
  const dismiss = () => api.post(path('/dismissals'), { positions, reason: 'paid by phone' });
  const unknown = [
    { partition: 0, offset: 50 },
    { partition: 0, offset: 2 ** 47 - 2 }, // Redis has no bit for it
    { partition: 9, offset: 0 },
  ];
  await expect(dismiss()).resolves.toMatchObject({
    ...{ status: 200, body: { dismissed: 1, unchanged: 1, unknown } },
  });
  await expect(dismiss()).resolves.toMatchObject({ body: { dismissed: 0, unchanged: 2, unknown } });
  await expect(list('status=dismissed')).resolves.toEqual(['0/2']);
  const { body } = await api.get(path('/0/2'));
  expect(body).toMatchObject({ status: 'dismissed', settled: { by: expect.any(String) } });
  expect(api.logged('audit')).toHaveLength(2);
  expect(api.logged('audit')[0]).toMatchObject({
    ...{ action: 'dismiss', route: bench.id, reason: 'paid by phone' },
    requestId: (body['settled'] as { by: string }).by,
  });
  await expect(api.post(path('/dismissals'), { positions: [], reason: 'x' })).resolves.toMatchObject({
    status: 400,
  });
  await expect(api.post(path('/dismissals'), { positions })).resolves.toMatchObject({ status: 400 });
});
