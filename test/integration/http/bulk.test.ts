import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { keyUnit } from '../../../src/domain/unit.ts';
import type { Answer } from '../../support/api.ts';
import { BoxApi } from '../../support/box-api.ts';
import { BoxBench, type BoxShard } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

let shard: BoxShard;
beforeEach(async () => (shard = await bench.shard()));

function unit(key: string): Buffer {
  return keyUnit(Buffer.from(key));
}

async function lockMany(api: BoxApi, count: number): Promise<void> {
  const arrivals = Array.from({ length: count }, (_, i) => ({ unit: unit(`order-${String(i)}`), origin: i }));
  for (let from = 0; from < count; from += 1_000) await shard.read(...arrivals.slice(from, from + 1_000));
  await api.readIn(1, ...arrivals.slice(0, 20));
}

function bulk(api: BoxApi, body: object, idempotencyKey?: string): Promise<Answer> {
  return api.ask({
    method: 'POST',
    url: api.path('/locks/bulk-actions'),
    ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
    payload: { filter: {}, reason: 'a test', ...body },
  });
}

const ALL_DONE = { unchanged: 0, gone: 0, dryRun: false, complete: true, problems: [] };

describe('a bulk action', () => {
  test('takes all locks that match, in all partitions', async () => {
    await using api = await BoxApi.open(shard);
    await lockMany(api, 1_200);
    const { status, body } = await bulk(api, { action: 'park' });
    expect(status).toBe(200);
    expect(body).toEqual({ ...ALL_DONE, matched: 1_220, done: 1_220 });
    expect(await shard.totals()).toMatchObject({ parked: 1_200 });
    expect((await bulk(api, { action: 'park' })).body).toMatchObject({ matched: 1_220, unchanged: 1_220 });
    expect((await bulk(api, { action: 'discard-all' })).body).toMatchObject({ done: 1_220 });
    expect(await shard.totals()).toMatchObject({ lockedKeys: 0, heldMessages: 0 });
    expect(api.logged('audit')).toMatchObject([
      { action: 'bulk-park', reason: 'a test', result: { matched: 1_220, done: 1_220 } },
      { action: 'bulk-park' },
      { action: 'bulk-discard-all' },
    ]);
    expect(JSON.stringify(api.lines)).not.toContain('order-');
  });

  test('is narrowed as a listing is', async () => {
    await using api = await BoxApi.open(shard);
    await shard.read({ unit: unit('old'), origin: 1 });
    shard.time += 60_000;
    await shard.read({ unit: unit('new-1'), origin: 2 }, { unit: unit('new-2'), origin: 3 });
    await shard.claim();
    await shard.lock('other', 9);
    await shard.act('new-2', 'park');
    await api.clock.advance(90_000);
    const matched = async (filter: object): Promise<unknown> =>
      (await bulk(api, { filter, action: 'park', dryRun: true })).body['matched'];
    expect(await matched({})).toBe(4);
    expect(await matched({ olderThan: '1m' })).toBe(1);
    expect(await matched({ keyPrefix: 'new' })).toBe(2);
    expect(await matched({ keyPrefix: 'new', state: 'parked' })).toBe(1);
    expect(await matched({ partition: 1 })).toBe(0);
    expect(await matched({ errorClass: 'Boom' })).toBe(4);
    expect(await matched({ errorClass: 'Bang' })).toBe(0);
    expect(await shard.totals()).toMatchObject({ parked: 1 });
    expect((await bulk(api, { filter: { stat: 'parked' }, action: 'park' })).status).toBe(400);
  });

  test('takes the oldest, where it is limited', async () => {
    await using api = await BoxApi.open(shard);
    for (const [origin, key] of ['a', 'b', 'c'].entries()) {
      await shard.read({ unit: unit(key), origin });
      shard.time += 10;
    }
    const { body } = await bulk(api, { action: 'park', limit: 2 });
    expect(body).toMatchObject({ matched: 2, done: 2, complete: false });
    expect(body['problems']).toEqual([expect.stringContaining('limit')]);
    expect(await shard.view('c')).toMatchObject({ state: 'waiting' });
  });

  test('leaves what was locked after the click, and counts what has gone meanwhile', async () => {
    await using api = await BoxApi.open(shard);
    await lockMany(api, 250);
    const act = shard.scripts.act.bind(shard.scripts);
    let acted = 0;
    shard.scripts.act = async (partition, args, deeds) => {
      if (acted++ === 0) {
        await shard.read({ unit: unit('later'), origin: 5_000 });
        await shard.act('order-249', 'discard-all');
        await shard.operator.act(partition, args[0] as Buffer, 'discard-all');
      }
      return act(partition, args, deeds);
    };
    const { body } = await bulk(api, { action: 'park' });
    // One left before it was looked at, one after.
    expect(body).toMatchObject({ complete: true, gone: 1 });
    expect(Number(body['done'])).toBe(268);
    expect(await shard.view('later')).toMatchObject({ state: 'waiting' });
  });

  test('says which shard does not answer, and does the others', async () => {
    await using api = await BoxApi.open(bench.untouched());
    await api.readIn(1, { unit: unit('a'), origin: 1 }, { unit: unit('b'), origin: 2 });
    const { status, body } = await bulk(api, { action: 'park' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ matched: 2, done: 2, complete: false });
    expect(body['problems']).toEqual(['partition 3 is being restored: the rest of it was left; call again']);
  });

  test('goes on where it was, with the same Idempotency-Key, and does nothing twice', async () => {
    await using api = await BoxApi.open(shard);
    await lockMany(api, 400);
    const act = shard.scripts.act.bind(shard.scripts);
    let left = 130;
    shard.scripts.act = (...args) => (left-- > 0 ? act(...args) : Promise.reject(new Error('killed')));
    expect((await bulk(api, { action: 'retry-now' }, 'one')).status).toBe(500);
    shard.scripts.act = act;

    shard.time += 10;
    await shard.read({ unit: unit('later'), origin: 5_000 });
    await shard.act('order-399', 'park');
    const retried = (await shard.release(1_000)).length;
    expect(retried).toBeLessThan(140);
    const { body } = await bulk(api, { action: 'retry-now' }, 'one');
    expect(body).toEqual({ ...ALL_DONE, matched: 420, done: 419, unchanged: 1 });
    expect((await bulk(api, { action: 'retry-now' }, 'one')).body).toEqual(body);
    // Each once: those that were released before are in flight and were not hurried again.
    expect(await shard.release(1_000)).toHaveLength(399 - retried);
    await expect(bulk(api, { action: 'park' }, 'one')).resolves.toMatchObject({
      status: 400,
      body: { code: 'INVALID' },
    });
  });

  test('only counts in a dry run, which uses no Idempotency-Key up', async () => {
    await using api = await BoxApi.open(shard);
    await lockMany(api, 30);
    const counted = await bulk(api, { action: 'discard-all', dryRun: true }, 'one');
    expect(counted.body).toEqual({ ...ALL_DONE, matched: 50, done: 0, dryRun: true });
    expect((await bulk(api, { action: 'discard-all' }, 'one')).body).toMatchObject({ done: 50 });
  });
});
