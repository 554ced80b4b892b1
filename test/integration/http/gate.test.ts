import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formatToken } from '../../../src/domain/delivery-token.ts';
import { foreignUnit, keyUnit } from '../../../src/domain/unit.ts';
import { BoxApi } from '../../support/box-api.ts';
import { announced, BEGIN, BoxBench, copyOf } from '../../support/penalty-box.ts';
import type { Redirect } from '../../../src/penalty-box/gate-box.ts';
import type { Job } from '../../../src/penalty-box/entry.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

const ERROR = { class: 'Boom', message: 'it broke' };

/** What a consumer says of a redelivered copy. */
function copy(job: Job): { offset: number; delivery: string } {
  const { origin, token } = copyOf(job);
  if (token === null || token === 'unreadable') throw new Error('no token');
  return { offset: origin, delivery: formatToken(token) };
}

describe('a claim', () => {
  test('gives epoch, incarnation and the locked keys, byte for byte', async () => {
    const shard = await bench.shard();
    const keys = [Buffer.from('Zürich'), Buffer.alloc(0), Buffer.from([0xff, 0xfe])];
    await shard.read(...keys.map((key, origin) => ({ unit: keyUnit(key), origin })));
    await using api = await BoxApi.open(shard);
    const { status, body } = await api.claim();
    expect(status).toBe(201);
    expect(body).toEqual({
      claimEpoch: expect.stringMatching(/^\d+$/),
      incarnation: expect.stringMatching(/^\w+:stamp1$/),
      lockedKeys: expect.arrayContaining([{ key: 'Zürich' }, { key: '' }, { keyBase64: '//4=' }]),
      complete: true,
      nullKeyUpTo: -1,
      seen: expect.any(Number),
    });
    expect(body['lockedKeys']).toHaveLength(3);
  });

  test('says so when there are more keys than it lists', async () => {
    const shard = await bench.shard({ gateListLimit: 1 });
    await shard.read(
      { unit: keyUnit(Buffer.from('a')), origin: 1 },
      { unit: keyUnit(Buffer.from('b')), origin: 2 },
    );
    await using api = await BoxApi.open(shard);
    expect((await api.claim()).body).toMatchObject({ complete: false, lockedKeys: [] });
  });

  test('waits until the shard has been read up to the end that was there when it came', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    api.desk.end = () => Promise.resolve(1);
    let asleep = api.clock.asleep();
    const claim = api.claim();
    for (const delay of [10, 20, 40, 50, 50]) {
      await asleep;
      asleep = api.clock.asleep();
      expect(api.clock.timers).toBe(1);
      await api.clock.advance(delay - 1);
      expect(api.clock.timers).toBe(1);
      await api.clock.advance(1);
    }
    await asleep;
    await shard.read({ unit: keyUnit(Buffer.from('late')), origin: 1 });
    await api.clock.advance(50);
    expect((await claim).body).toMatchObject({ lockedKeys: [{ key: 'late' }] });
    expect(api.logged('request_failed')).toEqual([]);
  });

  test('is told to come again when that takes too long', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    api.desk.end = () => Promise.resolve(1);
    const asleep = api.clock.asleep();
    const claim = api.claim();
    await asleep;
    await api.clock.advance(5_000);
    const answer = await claim;
    expect(answer).toMatchObject({ status: 503, body: { code: 'NOT_READY', retryable: true } });
    expect(answer.headers['retry-after']).toBe('1');
    expect(api.clock.timers).toBe(0);
  });

  test('gives up its wait when the service stops', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    api.desk.end = () => Promise.resolve(1);
    const asleep = api.clock.asleep();
    const claim = api.claim();
    await asleep;
    await api.app.close();
    await expect(claim).resolves.toMatchObject({ status: 503, body: { code: 'NOT_READY' } });
    expect(api.clock.timers).toBe(0);
  });

  test('is refused while the shard is being restored', async () => {
    await using api = await BoxApi.open(bench.untouched());
    const answer = await api.claim();
    expect(answer).toMatchObject({ status: 503, body: { code: 'NOT_READY', retryable: true } });
    expect(answer.headers['retry-after']).toBe('1');
    expect(api.logged('request_failed')).toMatchObject([{ partition: 3, status: 503 }]);
  });

  test('of an older generation, or made before one that was taken, is fenced', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    expect((await api.claim({ generation: 5, call: 7 })).status).toBe(201);
    for (const more of [
      { generation: 4, call: 8 },
      { generation: 5, call: 7 },
    ]) {
      const { status, body } = await api.claim(more);
      expect({ status, ...body }).toMatchObject({ status: 409, code: 'FENCED', retryable: false });
    }
  });

  test('locks what is outstanding', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    const outstanding = [
      { key: 'b', offset: 9, attempt: 1, error: ERROR },
      { offset: 10, attempt: 0 },
    ];
    await api.claim({ outstanding });
    const [failed, behind] = await Promise.all([shard.view('b'), shard.view(null, 10)]);
    expect(failed?.entries).toMatchObject([{ state: 'pending', offset: 9, attempt: 1, lastError: ERROR }]);
    expect(behind?.entries).toMatchObject([{ state: 'pending', offset: 10, attempt: 0 }]);
  });

  test('counts the record that the claim before may have died of', async () => {
    const shard = await bench.shard();
    await shard.lock('a', 5);
    await using api = await BoxApi.open(shard);
    await api.claim();
    shard.time += 1_000;
    const [job] = await shard.deliver(70);
    await api.admissions({ key: 'a', ...copy(job!) });
    api.desk.position = () => Promise.resolve(70);
    await api.claim();
    expect(api.logged('delivery_unanswered')).toMatchObject([
      { route: shard.route, partition: 3, offset: 70 },
    ]);
    const metrics = await api.metrics.expose();
    expect(metrics).toContain(`retries_processed_total{route="${shard.route}",result="unanswered"} 1`);
  });
});

describe('admissions', () => {
  test('redirect what is fresh behind a locked key, under the headers of its announcement', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await api.claim();
    await api.outcomes({ key: 'a', offset: 5, result: 'failed', error: ERROR });
    const behind = { key: 'a', offset: 6 };
    const first = await api.admissions({ key: 'b', offset: 4 }, behind);
    expect(first.body).toEqual({
      verdicts: [
        { verdict: 'process' },
        {
          verdict: 'redirect',
          headers: {
            'x-retry-route': shard.route,
            'x-retry-origin-topic': 'orders-main',
            'x-retry-origin-partition': '3',
            'x-retry-origin-offset': '6',
            'x-retry-attempt': '0',
            'x-retry-reason': 'behind',
            'x-retry-claim': api.claimEpoch,
          },
        },
      ],
    });
    const again = await api.admissions(behind);
    expect(again.body['verdicts']).toEqual([(first.body['verdicts'] as unknown[])[1]]);
  });

  test('know a key by its bytes: text, base64, the empty one, and none', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await api.claim();
    const keys = [{ key: 'ab' }, { keyBase64: '/w==' }, { key: '' }, {}];
    await api.outcomes(...keys.map((key, offset) => ({ ...key, offset, result: 'failed', error: ERROR })));
    const ask = async (...records: object[]): Promise<unknown[]> => {
      const { body } = await api.admissions(...records);
      return (body['verdicts'] as { verdict: string }[]).map(({ verdict }) => verdict);
    };
    await expect(
      ask(
        { keyBase64: 'YWI=', offset: 10 },
        { keyBase64: '/w==', offset: 11 },
        { keyBase64: '', offset: 12 },
        { offset: 13 },
        { key: '\ufffd', offset: 14 },
        { offset: 3 },
      ),
    ).resolves.toEqual(['redirect', 'redirect', 'redirect', 'process', 'process', 'redirect']);
  });

  test('let a redelivered record through by its token alone', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await api.claim();
    await shard.lock('a', 5, 6);
    shard.time += 1_000;
    const [job] = await shard.deliver(70);
    const { offset, delivery } = copy(job!);
    const other = `${delivery.slice(0, 16)}.other`;
    const { body } = await api.admissions(
      { key: 'a', offset, delivery: 'never written by anybody' },
      { key: 'a', offset, delivery: other },
      { key: 'a', offset: 99, delivery },
      { key: 'a', offset, delivery: '' },
    );
    expect(body['verdicts']).toEqual([
      { verdict: 'skip' },
      { verdict: 'skip' },
      { verdict: 'process' },
      { verdict: 'skip' },
    ]);
  });

  test('find a message without a key by its token, of own or foreign origin', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await api.claim();
    await shard.lock(null, 5);
    await shard.read({ unit: foreignUnit(shard.end), origin: null });
    shard.time += 10_000;
    const jobs = await shard.deliver(70);
    expect(jobs).toHaveLength(2);
    const records = jobs.map((job) => ({ ...copy(job), offset: 1_234 }));
    const { body } = await api.admissions(...records);
    expect(body['verdicts']).toEqual([{ verdict: 'process' }, { verdict: 'process' }]);
    const told = await api.outcomes(...records.map((record) => ({ ...record, result: 'succeeded' })));
    expect(told.body['results']).toEqual([
      { result: 'done', unlocked: true },
      { result: 'done', unlocked: true },
    ]);
    await expect(shard.totals()).resolves.toMatchObject({ lockedKeys: 0 });
  });

  test('wait where the shard is another one than was claimed, and are fenced where the claim is', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await api.claim();
    const { claimEpoch } = api;
    await api.claim();
    api.claimEpoch = claimEpoch;
    const record = { key: 'a', offset: 1 };
    await expect(api.admissions(record)).resolves.toMatchObject({ status: 409, body: { code: 'FENCED' } });
    const told = await api.outcomes({ ...record, result: 'failed' });
    expect(told).toMatchObject({ status: 409, body: { code: 'FENCED' } });

    api.incarnation = 'another:one';
    expect((await api.admissions(record, record)).body).toEqual({
      verdicts: [{ verdict: 'wait' }, { verdict: 'wait' }],
    });
    await shard.flush();
    expect((await api.outcomes({ ...record, result: 'failed' })).body).toEqual({
      results: [{ result: 'wait' }],
    });
  });
});

describe('outcomes', () => {
  test('a fresh failure is redirected under the same headers as often as it is told', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await api.claim();
    const error = {
      class: 'Größe'.repeat(100),
      message: 'ä'.repeat(1_000),
      fatal: true,
      retryAfterMs: 1_500.5,
    };
    const outcome = { key: 'a', offset: 5, result: 'failed', error };
    const first = await api.outcomes(outcome);
    const headers = {
      'x-retry-route': shard.route,
      'x-retry-origin-topic': 'orders-main',
      'x-retry-origin-partition': '3',
      'x-retry-origin-offset': '5',
      'x-retry-attempt': '1',
      'x-retry-reason': 'failed',
      'x-retry-claim': api.claimEpoch,
      'x-retry-error-class': expect.stringMatching(/^Größe/),
      'x-retry-error-message': 'ä'.repeat(512),
      'x-retry-fatal': 'true',
      'x-retry-not-before': String(BEGIN + 1_501),
    };
    expect(first.body).toEqual({ results: [{ result: 'redirect', headers }] });
    const [{ headers: given }] = first.body['results'] as [{ headers: Record<string, string> }];
    expect(Buffer.byteLength(given['x-retry-error-class'] ?? '')).toBe(256);

    shard.time += 10;
    const other = { ...outcome, error: { class: 'Other', message: 'another' } };
    expect((await api.outcomes(other)).body).toEqual(first.body);
    // A verdict that redirects it gives those headers too.
    expect((await api.admissions({ key: 'a', offset: 5 })).body).toEqual({
      verdicts: [{ verdict: 'redirect', headers: given }],
    });
  });

  test('of redelivered records: recorded, stale, done, dead-lettered, and counted', async () => {
    const shard = await bench.shard({ maxAttempts: 3 });
    await using api = await BoxApi.open(shard);
    await api.claim();
    await shard.lock('a', 5);
    await shard.lock('b', 6);
    await shard.lock('c', 7);
    shard.time += 1_000;
    const jobs = await shard.deliver(70);
    const by = (offset: number): object => ({
      key: 'abc'[offset - 5],
      ...copy(jobs.find((job) => copyOf(job).origin === offset)!),
    });
    await api.admissions(by(5), by(6), by(7));
    const { body } = await api.outcomes(
      { ...by(5), result: 'failed', error: ERROR },
      { ...by(5), result: 'failed', error: ERROR },
      { ...by(6), result: 'succeeded' },
      { ...by(6), result: 'succeeded' },
      { ...by(7), result: 'failed', error: { ...ERROR, fatal: true } },
      { key: 'a', offset: 5, delivery: 'unreadable', result: 'failed' },
    );
    expect(body['results']).toEqual([
      { result: 'recorded', attempt: 2, nextAttemptAt: shard.time + 2_000 },
      { result: 'stale' },
      { result: 'done', unlocked: true },
      { result: 'done', unlocked: true },
      { result: 'deadLettered' },
      { result: 'stale' },
    ]);
    const metrics = await api.metrics.expose();
    expect(metrics).toContain(`retries_processed_total{route="${shard.route}",result="succeeded"} 2`);
    expect(metrics).toContain(`retries_processed_total{route="${shard.route}",result="failed"} 2`);
  });
});

describe('renewals', () => {
  test('tell what was locked and unlocked otherwise, each partition for itself', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await api.claim();
    const { seen } = api;
    await api.act({ keyBase64: '/w==', partition: 3, action: 'park' });
    const { status, body } = await api.renewal(
      {},
      { claimEpoch: '1' },
      { incarnation: 'another' },
      { partition: 0 },
    );
    expect(status).toBe(200);
    const [held, fenced, again, other] = body['claims'] as Record<string, unknown>[];
    expect(held).toMatchObject({
      partition: 3,
      status: 'held',
      lockedKeys: [{ keyBase64: '/w==' }],
      unlockedKeys: [],
    });
    expect(held?.['seen']).toBeGreaterThan(seen);
    expect(fenced).toMatchObject({ partition: 3, status: 'fenced', lockedKeys: [], unlockedKeys: [] });
    expect(again).toMatchObject({ partition: 3, status: 'claim-again' });
    expect(other).toMatchObject({ partition: 0, status: 'claim-again' });

    await api.act({ keyBase64: '/w==', action: 'unpark' });
    const later = await api.renewal({ seen: held?.['seen'] });
    expect(later.body['claims']).toMatchObject([{ lockedKeys: [], unlockedKeys: [{ keyBase64: '/w==' }] }]);
  });

  test('restore what is outstanding', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await api.claim();
    await api.renewal({ outstanding: [{ key: 'a', offset: 5, attempt: 1, error: ERROR }] });
    await expect(shard.entries('a')).resolves.toEqual(['5 pending']);
  });

  test('of nothing are answered with nothing', async () => {
    await using api = await BoxApi.open(await bench.shard());
    expect((await api.renewal()).body).toEqual({ claims: [] });
  });
});

test('the headers that a gate is given are those that the box takes back', async () => {
  const shard = await bench.shard();
  await using api = await BoxApi.open(shard);
  await api.claim();
  await api.outcomes({ key: 'a', offset: 5, result: 'failed', error: ERROR });
  const redirect: Redirect = {
    kind: 'redirect',
    attempt: 1,
    errorClass: '',
    errorMessage: '',
    fatal: false,
    claim: api.claimEpoch,
    notBefore: 0,
  };
  await shard.read(announced('a', 5, redirect));
  expect((await api.admissions({ key: 'a', offset: 5 })).body).toEqual({ verdicts: [{ verdict: 'skip' }] });
});
