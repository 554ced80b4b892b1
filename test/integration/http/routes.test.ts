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
  api.desk.deadLetterTotal = () => Promise.resolve(12);
  api.desk.owned = [{ partition: 3, restored: true, journalLate: false }];
  api.desk.complaints = ['something is wrong'];
  const { status, body } = await api.get(api.path());
  expect(status).toBe(200);
  expect(body).toEqual({
    backpressure: { state: 'inline', since: null, why: null },
    name: shard.route,
    config: JSON.parse(JSON.stringify(api.desk.config)) as object,
    status: 'degraded',
    paused: { is: false, since: null, reason: null },
    breaker: { state: 'closed', since: null, reason: null, cause: null, detail: null },
    redelivery: { perSecond: 50, maxPerSecond: 500, growth: 'doubling', probes: null },
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

test('redelivery is paused and resumed, and the breaker opened and closed, by hand and once each', async () => {
  await using api = await BoxApi.open(await bench.shard());
  const ask = (what: string, body: object): Promise<{ status: number; body: object }> =>
    api.post(`${api.path()}/${what}`, body);
  const since = api.clock.now();

  expect((await ask('pause', { reason: 'the database moves' })).body).toMatchObject({
    outcome: 'done',
    paused: { is: true, since, reason: 'the database moves' },
  });
  await api.clock.advance(1_000);
  expect((await ask('pause', { reason: 'again' })).body).toMatchObject({
    outcome: 'unchanged',
    paused: { since, reason: 'the database moves' },
  });
  expect((await ask('breaker', { state: 'open', reason: 'overload' })).body).toMatchObject({
    outcome: 'done',
    breaker: { state: 'open', since: since + 1_000, reason: 'overload' },
  });
  expect((await api.get(api.path())).body).toMatchObject({
    paused: { is: true },
    breaker: { state: 'open' },
  });
  expect((await ask('resume', { reason: 'moved' })).body).toMatchObject({
    outcome: 'done',
    paused: { is: false, since: null, reason: null },
    breaker: { state: 'open' },
  });
  expect((await ask('breaker', { state: 'closed', reason: 'calm' })).body).toMatchObject({ outcome: 'done' });
  expect((await ask('breaker', { state: 'closed', reason: 'calm' })).body).toMatchObject({
    outcome: 'unchanged',
  });
  expect((await ask('pause', {})).status).toBe(400);
  expect((await ask('breaker', { state: 'ajar', reason: 'x' })).status).toBe(400);

  expect(
    api.logged('audit').map(({ action, result }) => [action, (result as { outcome: string }).outcome]),
  ).toEqual([
    ['pause', 'done'],
    ['pause', 'unchanged'],
    ['breaker-open', 'done'],
    ['resume', 'done'],
    ['breaker-closed', 'done'],
    ['breaker-closed', 'unchanged'],
  ]);
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
  api.desk.deadLetterTotal = () => Promise.reject(new Error('Kafka is away'));
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
