import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { keyUnit } from '../../../src/domain/unit.ts';
import { BoxApi } from '../../support/box-api.ts';
import { BoxBench } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

const NONE = {
  lockedKeys: 0,
  heldMessages: 0,
  heldBytes: 0,
  inFlight: 0,
  parked: 0,
  oldestLockAgeMs: null,
  deadLetters: 0,
};

test('a route shows its configuration, its figures over all partitions, and what is wrong', async () => {
  const shard = await bench.shard();
  await using api = await BoxApi.open(shard);
  await api.readIn(
    1,
    { unit: keyUnit(Buffer.from('x')), origin: 4 },
    { unit: keyUnit(Buffer.from('x')), origin: 5 },
  );
  shard.time += 500;
  await shard.lock('a', 5, 6);
  await shard.lock('b', 8);
  await api.act({ key: 'b', action: 'park' });
  shard.time += 1_000;
  await shard.deliver(70);
  await api.clock.advance(2_000);
  api.desk.deadLetters = () => Promise.resolve(12);
  api.desk.owned = [{ partition: 3, restored: true, journalLate: false }];
  api.desk.complaints = ['something is wrong'];
  const { status, body } = await api.get(api.path());
  expect(status).toBe(200);
  expect(body).toEqual({
    name: shard.route,
    config: JSON.parse(JSON.stringify(api.desk.config)) as object,
    status: 'degraded',
    partitions: 4,
    totals: {
      lockedKeys: 3,
      heldMessages: 5,
      heldBytes: expect.any(Number),
      inFlight: 1,
      parked: 1,
      oldestLockAgeMs: 2_000,
      deadLetters: 12,
    },
    shards: [{ partition: 3, restored: true }],
    problems: ['something is wrong'],
  });
  expect((await api.get('/v1/routes')).body).toEqual({ routes: [body] });
});

test('a shard that is being restored is left out of the figures, and named', async () => {
  await using api = await BoxApi.open(bench.untouched());
  const { body } = await api.get(api.path());
  expect(body).toMatchObject({
    totals: NONE,
    problems: ['partition 3 is being restored: the totals are without it'],
  });
});

test('without ordering messages are held and no keys are locked', async () => {
  const shard = await bench.shard();
  await using api = await BoxApi.open(shard, { ordering: 'none', gate: false });
  await shard.read({ unit: Buffer.from('n5'), origin: 5 });
  api.desk.deadLetters = () => Promise.reject(new Error('Kafka is away'));
  const { body } = await api.get(api.path());
  expect(body['status']).toBe('ok');
  expect(body['totals']).toEqual({
    ...NONE,
    heldMessages: 1,
    heldBytes: expect.any(Number),
    deadLetters: null,
  });
});

test('before Kafka has said which partitions there are, there are no figures', async () => {
  await using api = await BoxApi.open(await bench.shard());
  api.desk.partitions = 0;
  expect((await api.get(api.path())).body).toMatchObject({ partitions: 0, totals: NONE });
});
