import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { foreignUnit, keyUnit } from '../../../src/domain/unit.ts';
import { BoxApi } from '../../support/box-api.ts';
import { BEGIN, BoxBench, type BoxShard } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

type Lock = Record<string, unknown>;

function unit(key: string): Buffer {
  return keyUnit(Buffer.from(key));
}

async function list(api: BoxApi, query = ''): Promise<Lock[]> {
  const { status, body } = await api.get(api.path(`/locks?${query}`));
  expect({ status, body }).toMatchObject({ status: 200 });
  return body['locks'] as Lock[];
}

const names = (locks: Lock[]): unknown[] => locks.map(({ key }) => key);

describe('a listing', () => {
  let shard: BoxShard;
  beforeEach(async () => (shard = await bench.shard()));

  test('shows of a lock what one asks first', async () => {
    await using api = await BoxApi.open(shard);
    await shard.lock('a', 5, 6);
    shard.time += 200;
    await shard.read({ unit: keyUnit(Buffer.from([0xff])), origin: 8, attempt: 3 });
    await shard.lock(null, 9);
    await shard.read({ unit: foreignUnit(shard.end), origin: null });
    await api.clock.advance(1_500);
    const locks = await list(api);
    const lastError = { class: 'Boom', message: 'it broke' };
    expect(locks).toHaveLength(4);
    expect(locks[0]).toEqual({
      key: 'a',
      partition: 3,
      state: 'waiting',
      since: BEGIN,
      ageMs: 1_500,
      held: 2,
      heldBytes: expect.any(Number),
      attempt: 1,
      nextAttemptAt: BEGIN + 1_000,
      headOffset: 5,
      lastError,
    });
    const others = locks.slice(1);
    expect(others).toContainEqual(expect.objectContaining({ keyBase64: '/w==', attempt: 3, ageMs: 1_300 }));
    expect(others).toContainEqual(expect.objectContaining({ origin: 9, headOffset: 9 }));
    expect(others).toContainEqual(expect.objectContaining({ retryOffset: 4, headOffset: null }));
  });

  test('of a parked key that never failed has neither error nor time', async () => {
    await using api = await BoxApi.open(shard);
    await api.act({ key: 'quiet', partition: 3, action: 'park' });
    await expect(list(api)).resolves.toMatchObject([
      { key: 'quiet', state: 'parked', held: 0, lastError: null, nextAttemptAt: null, headOffset: null },
    ]);
  });

  test('is sorted by age, number of messages or attempts', async () => {
    await using api = await BoxApi.open(shard);
    await shard.read({ unit: unit('old'), origin: 1, attempt: 2 });
    shard.time += 100;
    await shard.read(...[2, 3, 4].map((origin) => ({ unit: unit('big'), origin })));
    shard.time += 100;
    await shard.read({ unit: unit('tried'), origin: 5, attempt: 4 }, { unit: unit('tried'), origin: 6 });
    expect(names(await list(api))).toEqual(['old', 'big', 'tried']);
    expect(names(await list(api, 'sort=held'))).toEqual(['big', 'tried', 'old']);
    expect(names(await list(api, 'sort=attempt'))).toEqual(['tried', 'old', 'big']);
  });

  test('is narrowed by state, partition, key and age', async () => {
    await using api = await BoxApi.open(shard);
    await shard.read({ unit: unit('old'), origin: 1 });
    await api.act({ key: 'old', action: 'park' });
    shard.time += 60_000;
    await shard.read({ unit: unit('new'), origin: 2 });
    await api.readIn(1, { unit: unit('elsewhere'), origin: 2 });
    await api.readIn(2, { unit: unit('new'), origin: 9 });
    await api.clock.advance(90_000);
    expect(names(await list(api, 'state=parked'))).toEqual(['old']);
    expect(names(await list(api, 'state=waiting'))).toHaveLength(3);
    expect(names(await list(api, 'partition=1'))).toEqual(['elsewhere']);
    expect(names(await list(api, 'partition=0'))).toEqual([]);
    expect(names(await list(api, 'olderThan=1m'))).toEqual(['old']);
    expect((await list(api, 'key=new')).map(({ partition }) => partition)).toEqual([2, 3]);
    expect((await list(api, 'keyBase64=bmV3&partition=2')).map(({ partition }) => partition)).toEqual([2]);
    expect(await list(api, 'key=new&state=parked')).toEqual([]);
    expect(await list(api, 'key=')).toEqual([]);
  });

  test.each(['age', 'held', 'attempt'])('in pages by %s gives every lock once', async (sort) => {
    await using api = await BoxApi.open(shard);
    // More than one page of Redis' own scan.
    const all = Array.from({ length: 2_500 }, (_, i) => ({
      unit: unit(`key-${String(i)}`),
      origin: i,
      attempt: 1 + (i % 3),
    }));
    await shard.read(...all);
    await api.readIn(1, ...all.slice(0, 20));
    const seen: string[] = [];
    const pages: number[] = [];
    for (let cursor = ''; ;) {
      const { body } = await api.get(
        api.path(`/locks?sort=${sort}&limit=1000${cursor && `&cursor=${cursor}`}`),
      );
      const page = body['locks'] as Lock[];
      pages.push(page.length);
      seen.push(...page.map(({ key, partition }) => `${String(partition)} ${String(key)}`));
      if (body['cursor'] === null) break;
      cursor = body['cursor'] as string;
    }
    expect(pages).toEqual([1_000, 1_000, 520]);
    expect(new Set(seen).size).toBe(2_520);
  });

  test('goes on behind a lock that has gone', async () => {
    await using api = await BoxApi.open(shard);
    for (const [origin, key] of ['a', 'b', 'c'].entries()) {
      await shard.read({ unit: unit(key), origin });
      shard.time += 10;
    }
    const { body } = await api.get(api.path('/locks?limit=2'));
    expect(names(body['locks'] as Lock[])).toEqual(['a', 'b']);
    await api.act({ key: 'b', action: 'discard-all' });
    expect(names(await list(api, `cursor=${String(body['cursor'])}`))).toEqual(['c']);
  });

  test('is refused while a shard is being restored: nobody knows what it holds', async () => {
    await using api = await BoxApi.open(bench.untouched());
    await expect(api.get(api.path('/locks'))).resolves.toMatchObject({
      status: 503,
      body: { code: 'NOT_READY' },
    });
  });
});

describe('one lock', () => {
  test('has its entries in order', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await shard.lock('a/b c', 5, 6, 7);
    const { status, body } = await api.get(api.path('/locks/a%2Fb%20c'));
    expect(status).toBe(200);
    expect(body).toMatchObject({ key: 'a/b c', partition: 3, held: 3, headOffset: 5 });
    const entries = body['entries'] as Lock[];
    expect(entries.map(({ offset }) => offset)).toEqual([5, 6, 7]);
    expect(entries[0]).toEqual({
      state: 'held',
      offset: 5,
      retryOffset: 0,
      attempt: 1,
      unanswered: 0,
      refused: 0,
      kept: false,
      firstFailedAt: BEGIN,
      dueAt: BEGIN + 1_000,
      deliveredOffset: null,
      lastError: { class: 'Boom', message: 'it broke' },
    });
  });

  test('is found by bytes that are no text', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await shard.read({ unit: keyUnit(Buffer.from([0xfb, 0xff])), origin: 5 });
    for (const path of ['%2B%2F8%3D', '-_8']) {
      const { body } = await api.get(api.path(`/locks/${path}?encoding=base64`));
      expect(body).toMatchObject({ keyBase64: '+/8=', held: 1 });
    }
  });

  test('in two partitions has to be named by its partition', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await shard.read({ unit: unit('a'), origin: 5 });
    await api.readIn(1, { unit: unit('a'), origin: 8 });
    const both = await api.get(api.path('/locks/a'));
    expect(both).toMatchObject({ status: 400, body: { code: 'INVALID' } });
    expect(both.body['message']).toContain('1 and 3');
    expect((await api.get(api.path('/locks/a?partition=1'))).body).toMatchObject({ headOffset: 8 });

    const action = { key: 'a', action: 'park' };
    expect((await api.act(action)).body['message']).toContain('1 and 3');
    expect((await api.act({ ...action, partition: 1 })).body).toEqual({
      outcome: 'done',
      entries: 1,
      partition: 1,
    });
    const inPath = { action: 'unpark', reason: 'a test' };
    expect((await api.post(api.path('/locks/a/actions?partition=1'), inPath)).body).toMatchObject({
      partition: 1,
    });
    expect((await api.post(api.path('/locks/a/actions'), { ...inPath, partition: 1 })).body).toMatchObject({
      outcome: 'unchanged',
    });
  });

  test('that is none is unknown', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await expect(api.get(api.path('/locks/a'))).resolves.toMatchObject({
      status: 404,
      body: { code: 'UNKNOWN_LOCK', message: 'the key is not locked', retryable: false },
    });
  });

  test('may be there while a shard is being restored', async () => {
    const shard = bench.untouched();
    await using api = await BoxApi.open(shard);
    await api.readIn(1, { unit: unit('here'), origin: 1 });
    expect((await api.get(api.path('/locks/here'))).body).toMatchObject({ partition: 1 });
    await expect(api.get(api.path('/locks/a'))).resolves.toMatchObject({
      status: 503,
      body: { code: 'NOT_READY' },
    });
  });
});

describe('actions', () => {
  test('do what they say, and are logged with their reason and without the key', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await shard.lock('secret-key', 5, 6);
    const acted = { outcome: 'done', partition: 3 };
    const path = api.path('/locks/secret-key/actions');
    await expect(api.post(path, { action: 'retry-now', reason: 'fixed it' })).resolves.toMatchObject({
      status: 200,
      body: { ...acted, entries: 1 },
    });
    expect((await list(api))[0]).toMatchObject({ nextAttemptAt: BEGIN });
    expect((await api.act({ key: 'secret-key', action: 'unpark' })).body).toMatchObject({
      outcome: 'unchanged',
    });
    expect((await api.act({ key: 'secret-key', action: 'park' })).body).toMatchObject(acted);
    expect((await list(api))[0]).toMatchObject({ state: 'parked' });
    expect((await api.act({ key: 'secret-key', action: 'discard-head' })).body).toEqual({
      ...acted,
      entries: 1,
    });
    expect((await list(api))[0]).toMatchObject({ headOffset: 6 });
    expect((await api.act({ key: 'secret-key', action: 'discard-all' })).body).toEqual({
      ...acted,
      entries: 1,
    });
    expect(await list(api)).toEqual([]);
    expect((await api.act({ key: 'secret-key', action: 'retry-now' })).status).toBe(404);

    expect(api.logged('audit')).toMatchObject([
      {
        route: shard.route,
        partition: 3,
        action: 'retry-now',
        reason: 'fixed it',
        result: { outcome: 'done', entries: 1 },
      },
      { action: 'unpark', result: { outcome: 'unchanged' } },
      { action: 'park' },
      { action: 'discard-head' },
      { action: 'discard-all' },
    ]);
    expect(JSON.stringify(api.lines)).not.toContain('secret-key');
  });

  test('send the head to the dead letters', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await shard.lock('a', 5);
    await api.act({ key: 'a', action: 'skip-head' });
    await expect(shard.release()).resolves.toMatchObject([{ deadLetter: 'operator' }]);
  });

  test('park a key that is not locked, where it is said in which partition', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    const park = { key: '', action: 'park' };
    const unsaid = await api.act(park);
    expect(unsaid).toMatchObject({ status: 400, body: { code: 'INVALID' } });
    expect(unsaid.body['message']).toContain('partition is missing');
    expect((await api.act({ ...park, partition: 2 })).body).toEqual({
      outcome: 'done',
      entries: 0,
      partition: 2,
    });
    expect((await api.act({ ...park, action: 'unpark' })).body).toMatchObject({
      outcome: 'done',
      partition: 2,
    });
    expect((await api.act({ ...park, partition: 2, action: 'unpark' })).status).toBe(404);
  });

  test('reach messages without a key by where they are', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await shard.lock(null, 9);
    await shard.read({ unit: foreignUnit(shard.end), origin: null });
    for (const place of [{ origin: 9 }, { retryOffset: 1 }]) {
      const { body } = await api.act({ ...place, partition: 3, action: 'discard-all' });
      expect(body).toEqual({ outcome: 'done', entries: 1, partition: 3 });
    }
    await expect(shard.totals()).resolves.toMatchObject({ lockedKeys: 0 });
  });

  test('with an Idempotency-Key are done once, and answered the same also when the lock is gone', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    await shard.lock('a', 5, 6);
    const discard = (key: string, more: object = {}) =>
      api.ask({
        method: 'POST',
        url: api.path('/locks/a/actions'),
        headers: { 'idempotency-key': key },
        payload: { action: 'discard-all', reason: 'a test', ...more },
      });
    const done = { status: 200, body: { outcome: 'done', entries: 2, partition: 3 } };
    await expect(discard('one')).resolves.toMatchObject(done);
    await expect(discard('one')).resolves.toMatchObject(done);
    await shard.lock('a', 9);
    await expect(discard('one')).resolves.toMatchObject(done);
    expect(await shard.entries('a')).toEqual(['9 held']);

    const refused = { status: 400, body: { code: 'INVALID' } };
    await expect(discard('one', { action: 'park' })).resolves.toMatchObject(refused);
    await expect(discard('one', { reason: 'another' })).resolves.toMatchObject(refused);
    const elsewhere = { key: 'b', partition: 3, action: 'discard-all', reason: 'a test' };
    const headers = { 'idempotency-key': 'one' };
    const url = api.path('/locks/actions');
    await expect(api.ask({ method: 'POST', url, headers, payload: elsewhere })).resolves.toMatchObject(
      refused,
    );
    await expect(discard('')).resolves.toMatchObject(refused);
    await expect(discard('x'.repeat(201))).resolves.toMatchObject(refused);
    await expect(discard('x'.repeat(200))).resolves.toMatchObject({ status: 200, body: { entries: 1 } });
    expect(api.logged('audit').map(({ result }) => (result as Lock)['repeated'])).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test('discard more than one script does', async () => {
    const shard = await bench.shard();
    await using api = await BoxApi.open(shard);
    for (let from = 0; from < 5_100; from += 1_020) {
      await shard.read(...Array.from({ length: 1_020 }, (_, i) => ({ unit: unit('a'), origin: from + i })));
    }
    expect((await api.act({ key: 'a', action: 'discard-all' })).body).toMatchObject({ entries: 5_100 });
    await expect(shard.totals()).resolves.toMatchObject({ lockedKeys: 0, heldMessages: 0 });
  });
});
