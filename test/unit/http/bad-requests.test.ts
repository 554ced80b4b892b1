import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Api, TestDesk } from '../../support/api.ts';

let api: Api;
beforeAll(() => {
  const ungated = new TestDesk({ name: 'ungated', gate: false });
  const unordered = new TestDesk({ name: 'unordered', ordering: 'none', gate: false });
  api = new Api([new TestDesk({}), ungated, unordered]);
});
beforeEach(() => void api.lines.splice(0));
afterAll(() => api[Symbol.asyncDispose]());

const PARTITION = '/v1/routes/orders/partitions/3';
const TICKET = { claimEpoch: '7', incarnation: 'run:nonce' };
const RECORD = { key: 'a', offset: 5 };

function admissions(...records: unknown[]): [path: string, body: object] {
  return [`${PARTITION}/admissions`, { ...TICKET, records }];
}

function outcomes(...all: unknown[]): [path: string, body: object] {
  return [`${PARTITION}/outcomes`, { ...TICKET, outcomes: all }];
}

function claims(body: object): [path: string, body: object] {
  return [`${PARTITION}/claims`, body];
}

function renewals(...all: unknown[]): [path: string, body: object] {
  return ['/v1/routes/orders/renewals', { consumerId: 'c', claims: all }];
}

function actions(body: object): [path: string, body: object] {
  return ['/v1/routes/orders/locks/actions', body];
}

const PARK = { action: 'park', reason: 'why' };

describe('a body that is not as agreed is refused by the name of the field', () => {
  test.each<[what: string, call: [path: string, body: object], field: string]>([
    ['no records', [`${PARTITION}/admissions`, TICKET], 'records is missing'],
    ['no epoch', [`${PARTITION}/admissions`, { incarnation: 'x', records: [] }], 'claimEpoch is missing'],
    [
      'an epoch that is a number',
      [`${PARTITION}/admissions`, { ...TICKET, claimEpoch: 7, records: [] }],
      'claimEpoch must be string',
    ],
    ['no offset', admissions(RECORD, { key: 'a' }), 'records[1].offset is missing'],
    ['a negative offset', admissions({ key: 'a', offset: -1 }), 'records[0].offset must be >= 0'],
    ['a broken offset', admissions({ key: 'a', offset: 1.5 }), 'records[0].offset must be integer'],
    ['an offset as text', admissions({ key: 'a', offset: '5' }), 'records[0].offset must be integer'],
    ['an offset beyond all', admissions({ key: 'a', offset: 2 ** 47 }), 'records[0].offset must be <='],
    ['a key that is a number', admissions({ key: 5, offset: 5 }), 'records[0].key must be string'],
    ['a key that is null', admissions({ key: null, offset: 5 }), 'records[0].key must be string'],
    [
      'two keys',
      admissions({ key: 'a', keyBase64: 'YQ==', offset: 5 }),
      'records[0].key and keyBase64 are both there',
    ],
    ['no base64', admissions(RECORD, { keyBase64: '%%%', offset: 5 }), 'records[1].keyBase64 is not base64'],
    ['half of base64', admissions({ keyBase64: 'Y', offset: 5 }), 'records[0].keyBase64 is not base64'],
    ['half a character', admissions({ key: '\ud800', offset: 5 }), 'records[0].key is not valid Unicode'],
    [
      'a token that is a number',
      admissions({ ...RECORD, delivery: 1 }),
      'records[0].delivery must be string',
    ],
    ['a record that is null', admissions(RECORD, null), 'records[1] must be object'],
    [
      'records that are none',
      [`${PARTITION}/admissions`, { ...TICKET, records: RECORD }],
      'records must be array',
    ],
    [
      'too many records',
      admissions(...Array<object>(1_001).fill(RECORD)),
      'records must not have more than 1000',
    ],
    ['a list as body', [`${PARTITION}/admissions`, []], 'the body must be object'],

    ['no result', outcomes(RECORD), 'outcomes[0].result is missing'],
    [
      'an unknown result',
      outcomes({ ...RECORD, result: 'dunno' }),
      'outcomes[0].result must be one of succeeded, failed',
    ],
    [
      'the success of a fresh record',
      outcomes({ ...RECORD, delivery: 'x', result: 'succeeded' }, { ...RECORD, result: 'succeeded' }),
      'outcomes[1].result is succeeded without a delivery',
    ],
    [
      'an error without a class',
      outcomes({ ...RECORD, result: 'failed', error: { message: 'm' } }),
      'outcomes[0].error.class is missing',
    ],
    [
      'an error that is text',
      outcomes({ ...RECORD, result: 'failed', error: 'm' }),
      'outcomes[0].error must be object',
    ],
    [
      'a negative delay',
      outcomes({ ...RECORD, result: 'failed', error: { class: 'c', message: 'm', retryAfterMs: -1 } }),
      'outcomes[0].error.retryAfterMs must be >= 0',
    ],
    [
      'too many outcomes',
      outcomes(...Array<object>(1_001).fill({ ...RECORD, result: 'failed' })),
      'outcomes must not',
    ],

    ['no consumer', claims({}), 'consumerId is missing'],
    ['an empty consumer', claims({ consumerId: '' }), 'consumerId must not have fewer than 1'],
    ['a generation as text', claims({ consumerId: 'c', generation: '1' }), 'generation must be integer'],
    ['a call below 0', claims({ consumerId: 'c', call: -1 }), 'call must be >= 0'],
    [
      'something outstanding without attempt',
      claims({ consumerId: 'c', outstanding: [RECORD] }),
      'outstanding[0].attempt is missing',
    ],
    [
      'something outstanding with a bad key',
      claims({ consumerId: 'c', outstanding: [{ keyBase64: '?', offset: 1, attempt: 0 }] }),
      'outstanding[0].keyBase64 is not base64',
    ],

    ['a renewal without `seen`', renewals({ partition: 3, ...TICKET }), 'claims[0].seen is missing'],
    [
      'a renewal with a bad key',
      renewals({
        partition: 3,
        ...TICKET,
        seen: 0,
        outstanding: [{ keyBase64: '?', offset: 1, attempt: 0 }],
      }),
      'claims[0].outstanding[0].keyBase64 is not base64',
    ],

    ['an action without reason', actions({ partition: 1, key: 'a', action: 'park' }), 'reason is missing'],
    [
      'an empty reason',
      actions({ partition: 1, key: 'a', action: 'park', reason: ' ' }),
      'reason must match',
    ],
    [
      'an unknown action',
      actions({ key: 'a', action: 'destroy', reason: 'why' }),
      'action must be one of retry-now',
    ],
    ['an action on nothing', actions({ partition: 1, ...PARK }), 'give one of key, keyBase64 and origin'],
    [
      'an action on two',
      actions({ partition: 1, key: 'a', origin: 1, ...PARK }),
      'give one of key, keyBase64 and origin',
    ],
    ['an origin without partition', actions({ origin: 1, ...PARK }), 'partition is missing'],
    ['a key in the path', ['/v1/routes/orders/locks/a/actions', { action: 'park' }], 'reason is missing'],
    [
      'a key in the path that is no base64',
      ['/v1/routes/orders/locks/%25/actions?encoding=base64', PARK],
      'the key in the path is not base64',
    ],
  ])('%s', async (_what, [path, body], message) => {
    const answer = await api.post(path, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID', retryable: false } });
    expect(answer.body['message']).toContain(message);
    expect(Object.keys(answer.body)).toEqual(['code', 'message', 'retryable']);
    expect(api.lines).toEqual([]);
  });
});

test.each<[query: string, message: string]>([
  ['state=odd', 'state must be one of waiting, probing, draining, parked'],
  ['partition=one', 'partition must be integer'],
  ['partition=1.5', 'partition must be integer'],
  ['limit=0', 'limit must be >= 1'],
  ['limit=1001', 'limit must be <= 1000'],
  ['limit=', 'limit must be integer'],
  ['sort=size', 'sort must be one of age, held, attempt'],
  ['olderThan=5', 'olderThan: "5" has no unit'],
  ['olderThan=soon', 'olderThan: "soon" is not a duration'],
  ['cursor=!!', 'cursor is none that a page gave'],
  ['cursor=WzFd', 'cursor is none that a page gave'],
  [
    `sort=held&cursor=${Buffer.from('["age",1,2,"a2E="]').toString('base64url')}`,
    'cursor belongs to a listing with another sort',
  ],
  ['key=a&keyBase64=YQ==', 'key and keyBase64 are both there'],
  ['key=a&key=b', 'key must be string'],
  ['keyBase64=?', 'keyBase64 is not base64'],
])('a listing with %s is refused', async (query, message) => {
  const { status, body } = await api.get(`/v1/routes/orders/locks?${query}`);
  expect(body).toMatchObject({ code: 'INVALID', retryable: false });
  expect(body['message']).toContain(message);
  expect(status).toBe(400);
});

describe('bodies', () => {
  const url = `${PARTITION}/admissions`;

  test.each<[what: string, type: string, payload: string | Buffer, message: string]>([
    ['no JSON', 'application/json', '{"claimEpoch": secret', 'the body is not JSON'],
    ['nothing', 'application/json', '', 'the body is not JSON'],
    ['no UTF-8', 'application/json', Buffer.from([0x22, 0xff, 0x22]), 'the body is not UTF-8'],
    ['a form', 'application/x-www-form-urlencoded', 'a=b', 'the body must come as application/json'],
  ])('%s is refused', async (_what, type, payload, message) => {
    const answer = await api.ask({ method: 'POST', url, payload, headers: { 'content-type': type } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID', retryable: false } });
    expect(answer.body['message']).toContain(message);
  });

  test('a thousand records with errors of full length are taken', async () => {
    const error = { class: 'c'.repeat(256), message: 'm'.repeat(1_024) };
    const all = Array.from({ length: 1_000 }, (_, offset) => ({ key: 'k', offset, result: 'failed', error }));
    const { body } = await api.post(...outcomes(...all));
    expect(body).toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('what is far larger is too large', async () => {
    const { status, body } = await api.post(url, { much: 'x'.repeat(9 * 2 ** 20) });
    expect(status).toBe(413);
    expect(body).toEqual({
      code: 'TOO_LARGE',
      message: 'the request is too large; send fewer records',
      retryable: false,
    });
  });
});

describe('what is not there', () => {
  test.each([
    ['claims', { consumerId: 'c' }],
    ['admissions', {}],
    ['outcomes', {}],
  ])('%s of an unknown route or partition', async (call, body) => {
    await expect(api.post(`/v1/routes/nope/partitions/3/${call}`, body)).resolves.toMatchObject({
      status: 404,
      body: { code: 'UNKNOWN_ROUTE', retryable: false },
    });
    for (const partition of ['4', '-1', '99999999999', 'x', '1.5']) {
      await expect(
        api.post(`/v1/routes/orders/partitions/${partition}/${call}`, body),
      ).resolves.toMatchObject({
        status: 404,
        body: { code: 'UNKNOWN_PARTITION', message: 'there are partitions 0 to 3' },
      });
    }
  });

  test.each([
    ['claims', { consumerId: 'c' }],
    ['admissions', { ...TICKET, records: [] }],
    ['outcomes', { ...TICKET, outcomes: [] }],
  ])('%s of a partition that only the retry topic lacks are to be made again', async (call, body) => {
    const desk = new TestDesk({});
    desk.mainPartitions = 6;
    await using grown = new Api([desk]);
    await expect(grown.post(`/v1/routes/orders/partitions/5/${call}`, body)).resolves.toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: {
        code: 'NOT_READY',
        retryable: true,
        message:
          'partition 5 of orders-main has no retry partition: orders-main.retry has 4; add partitions to it',
      },
    });
    await expect(grown.post(`/v1/routes/orders/partitions/6/${call}`, body)).resolves.toMatchObject({
      status: 404,
    });
  });

  test('a renewal of such a partition is answered with the others', async () => {
    const desk = new TestDesk({});
    desk.mainPartitions = 6;
    await using grown = new Api([desk]);
    await expect(grown.post(...renewals({ partition: 5, ...TICKET, seen: 7 }))).resolves.toMatchObject({
      status: 200,
      body: {
        claims: [{ partition: 5, status: 'claim-again', lockedKeys: [], unlockedKeys: [], seen: 7 }],
      },
    });
  });

  test('partitions that a consumer heard of first are asked for before they are refused', async () => {
    const desk = new TestDesk({});
    desk.refreshed = () => (desk.mainPartitions = desk.partitions = 5);
    await using grown = new Api([desk]);
    const { status, body } = await grown.post('/v1/routes/orders/partitions/4/admissions', {
      ...TICKET,
      records: [{ key: 'a', offset: 1 }],
    });
    // The box of this test has no Redis.
    expect({ status, ...body }).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
    expect(desk.partitions).toBe(5);
  });

  test.each(['/v1/routes/nope', '/v1/routes/nope/locks', '/v1/routes/nope/locks/a'])('%s', async (url) => {
    await expect(api.get(url)).resolves.toMatchObject({ status: 404, body: { code: 'UNKNOWN_ROUTE' } });
  });

  test('partitions elsewhere', async () => {
    const answers = [
      await api.post(...renewals({ partition: 4, ...TICKET, seen: 0 })),
      await api.post('/v1/routes/nope/renewals', {}),
      await api.get('/v1/routes/orders/locks?partition=4'),
      await api.get('/v1/routes/orders/locks/a?partition=4'),
      await api.post(...actions({ key: 'a', partition: 4, ...PARK })),
      await api.post(...actions({ origin: 1, partition: 4, ...PARK })),
    ];
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(6).fill(404));
    const [, unknownRoute, ...others] = answers.map(({ body }) => body['code']);
    expect(unknownRoute).toBe('UNKNOWN_ROUTE');
    expect(new Set(others)).toEqual(new Set(['UNKNOWN_PARTITION']));
  });

  test.each(['/', '/v2/routes', '/v1/routes/orders/nothing'])('the path %s', async (url) => {
    const { status, body } = await api.get(url);
    expect(status).toBe(404);
    expect(body).toEqual({ code: 'UNKNOWN_ROUTE', message: 'there is no such path', retryable: false });
  });

  test('a path that can not be decoded', async () => {
    const { status, body } = await api.get('/v1/routes/orders/locks/%ff');
    expect({ status, ...body }).toMatchObject({ status: 400, code: 'INVALID', retryable: false });
  });
});

test('before Kafka has said which partitions there are, the gate gets no answer', async () => {
  const desk = new TestDesk({});
  desk.partitions = 0;
  await using early = new Api([desk]);
  const answer = await early.post(...admissions(RECORD));
  expect(answer).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE', retryable: true } });
  expect(answer.headers['retry-after']).toBe('1');
});

test.each(['ungated', 'unordered'])('a route without a gate says so: %s', async (route) => {
  for (const path of [
    'partitions/3/claims',
    'partitions/3/admissions',
    'partitions/3/outcomes',
    'renewals',
  ]) {
    const { status, body } = await api.post(`/v1/routes/${route}/${path}`, {});
    expect({ status, code: body['code'] }).toEqual({ status: 400, code: 'INVALID' });
    expect(body['message']).toContain('works without a gate');
  }
});

test('what goes wrong inside is logged once, with the place and without the key, and told to nobody', async () => {
  const desk = new TestDesk({});
  await using shaky = new Api([desk]);
  const answer = await shaky.post(...admissions({ key: 'secret-key', offset: 5 }));
  expect(answer.status).toBe(503);
  expect(answer.body).toEqual({
    code: 'UNAVAILABLE',
    message: 'Kafka or Redis does not answer now',
    retryable: true,
  });
  expect(answer.headers['retry-after']).toBe('1');

  desk.position = () => Promise.reject(new Error('boom at 10.1.2.3'));
  const outstanding = [{ key: 'secret-key', offset: 1, attempt: 0 }];
  const claim = await shaky.post(...claims({ consumerId: 'c', outstanding }));
  expect(claim).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
  expect(claim.text).not.toContain('10.1.2.3');

  desk.partitionCount = () => {
    throw new TypeError('a mistake at 10.1.2.3');
  };
  const locks = await shaky.get('/v1/routes/orders/locks/secret-key');
  expect(locks).toMatchObject({ status: 500, body: { code: 'INTERNAL', retryable: true } });
  expect(locks.text).not.toContain('mistake');

  expect(shaky.logged('request_failed')).toMatchObject([
    { level: 'warn', route: 'orders', partition: 3, status: 503, method: 'POST' },
    {
      level: 'warn',
      route: 'orders',
      partition: 3,
      status: 503,
      err: { cause: { message: 'boom at 10.1.2.3' } },
    },
    { level: 'error', route: 'orders', status: 500, path: '/v1/routes/:route/locks/:key' },
  ]);
  expect(JSON.stringify(shaky.lines)).not.toContain('secret-key');
});
