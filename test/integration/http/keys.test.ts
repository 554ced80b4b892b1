import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { keyUnit } from '../../../src/domain/unit.ts';
import { BoxApi } from '../../support/box-api.ts';
import { BACKOFF, BEGIN, BoxBench, type BoxShard, is } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

let shard: BoxShard;
beforeEach(async () => (shard = await bench.shard()));

interface Explained {
  sentences: string[];
  locks: Record<string, unknown>[];
  actions: { action: string; http: { path: string; body: object } }[];
}

async function explained(api: BoxApi, rest: string): Promise<Explained & Record<string, unknown>> {
  const { status, body } = await api.get(api.path(rest));
  expect({ status, body }).toMatchObject({ status: 200 });
  return body as unknown as Explained & Record<string, unknown>;
}

describe('the explanation of a key', () => {
  test('has facts and sentences, and actions that can be sent as they are', async () => {
    await using api = await BoxApi.open(shard);
    await shard.lock('a', 5, 6);
    api.desk.read = (partition) => Promise.resolve({ partition, committed: 7, end: 9, known: true });
    const body = await explained(api, '/keys/a');
    expect(body).toMatchObject({
      key: 'a',
      route: shard.route,
      at: BEGIN,
      locked: true,
      paused: null,
      silent: [],
      position: null,
      failures: [],
      deadLetters: null,
    });
    expect(body.locks).toEqual([
      {
        partition: 3,
        state: 'waiting',
        parkedBy: null,
        since: BEGIN,
        ageMs: 0,
        held: 2,
        behind: 1,
        attempt: 1,
        maxAttempts: 5,
        firstFailedAt: BEGIN,
        lastError: { class: 'Boom', message: 'it broke' },
        next: { kind: 'retry', at: BEGIN + BACKOFF, attempt: 2, of: 5, reason: null },
        messages: [
          expect.objectContaining({
            origin: { topic: 'orders-main', partition: 3, offset: 5 },
            retry: { topic: 'orders-main.retry', partition: 3, offset: 0 },
            copy: null,
          }),
          expect.objectContaining({ state: 'held', attempt: 0 }),
        ],
        evidence: {
          committed: null,
          position: { partition: 3, committed: 7, end: 9, lag: 2 },
          retryEnd: 2,
          cursor: 2,
          claimant: { consumerId: 'consumer', renewedAt: BEGIN, alive: true },
        },
      },
    ]);
    expect(body.sentences).toContain(`Attempt 2 of 5 is due at 2026-01-01T00:00:01Z (in 1 s).`);
    for (const { action, http } of body.actions.filter(({ action }) => action.startsWith('retry'))) {
      const done = await api.post(http.path, http.body);
      expect([action, done.status, done.body['outcome']]).toEqual([action, 200, 'done']);
    }
  });

  test('knows where a copy lies, and whether its consumer is alive', async () => {
    await using api = await BoxApi.open(shard);
    await shard.lock('a', 5);
    shard.time += 60_000;
    const jobs = await shard.deliver(70);
    api.desk.position = () => Promise.resolve(65);
    await shard.admit(...jobs);
    const { locks } = await explained(api, '/keys/a');
    expect(locks).toMatchObject([
      {
        next: { kind: 'outcome' },
        messages: [{ copy: { offset: 70 } }],
        evidence: { committed: 65, claimant: { alive: false } },
      },
    ]);
  });

  test('says of a key that is not locked what failed, and where it would be', async () => {
    await using api = await BoxApi.open(shard);
    api.desk.keyFailures = [{ at: BEGIN - 5_000, partition: 2, errorClass: 'Boom', message: 'it broke' }];
    api.desk.read = (partition) => Promise.resolve({ partition, committed: 7, end: 9, known: true });
    const body = await explained(api, '/keys/b');
    expect(body).toMatchObject({
      locked: false,
      locks: [],
      partition: { number: 2, from: 'failure' },
      position: { partition: 2, committed: 7, end: 9, lag: 2 },
    });
    api.desk.keyFailures = [];
    expect((await explained(api, '/keys/b'))['partition']).toMatchObject({ from: 'murmur2' });
    expect((await explained(api, '/keys/b?partition=1'))['partition']).toEqual({ number: 1, from: 'asked' });
  });

  test('is given while shards are being restored and Kafka is away', async () => {
    await using api = await BoxApi.open(bench.untouched());
    api.desk.end = () => Promise.reject(new Error('away'));
    api.desk.position = () => Promise.reject(new Error('away'));
    api.desk.read = () => Promise.reject(new Error('away'));
    const silent = [{ partition: 3, why: 'is being restored, or has no owner' }];
    expect(await explained(api, '/keys/a')).toMatchObject({ locked: null, silent, position: null });
    await api.readIn(1, { unit: keyUnit(Buffer.from('a')), origin: 8 });
    expect(await explained(api, '/keys/a')).toMatchObject({
      locked: true,
      silent,
      locks: [{ partition: 1 }],
    });
  });

  test('names any key, and messages without one', async () => {
    await using api = await BoxApi.open(shard);
    await shard.lock(null, 9);
    await shard.read(
      { unit: keyUnit(Buffer.alloc(0)), origin: 20 },
      { unit: keyUnit(Buffer.from([0xff])), origin: 21 },
    );
    expect(await explained(api, '/keys?origin=9&partition=3')).toMatchObject({ origin: 9, locked: true });
    expect(await explained(api, '/keys?key=')).toMatchObject({ key: '', locked: true });
    expect(await explained(api, '/keys?keyBase64=_w')).toMatchObject({ keyBase64: '/w==', locked: true });
    expect(await explained(api, '/keys/_w?encoding=base64')).toMatchObject({ locked: true });
    expect((await api.get(api.path('/keys'))).status).toBe(400);
    expect((await api.get(api.path('/keys?origin=9'))).status).toBe(400);
    expect((await api.get(api.path('/keys/a?partition=7'))).status).toBe(404);
    expect((await api.get('/v1/routes/none/keys/a')).status).toBe(404);
  });

  test('tells who holds a parked key', async () => {
    await using api = await BoxApi.open(shard);
    await shard.lock('a', 5);
    await shard.act('a', 'park');
    expect((await explained(api, '/keys/a')).locks).toMatchObject([
      { parkedBy: 'operator', next: { kind: 'operator' } },
    ]);
    await shard.act('a', 'skip-head');
    is(await shard.owner.bury(await shard.release(), false));
    expect(await explained(api, '/keys/a')).toMatchObject({ locked: false });
  });
});
