import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { keyUnit } from '../../../src/domain/unit.ts';
import { FailingKeysWatch } from '../../../src/hot-keys/failing-keys.ts';
import { HeldKeysReader } from '../../../src/hot-keys/held-keys.ts';
import { RedisBoard } from '../../../src/hot-keys/redis-board.ts';
import { createLogger } from '../../../src/logger.ts';
import { RedisConnection } from '../../../src/redis/connection.ts';
import { BoxApi } from '../../support/box-api.ts';
import { arrival, BACKOFF, BEGIN, BoxBench } from '../../support/penalty-box.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => {
  bench = await BoxBench.open(redisUrl);
});
afterAll(() => bench[Symbol.asyncDispose]());

test('the keys that hold most, of all partitions, and what explains one of them', async () => {
  const shard = await bench.shard();
  await using api = await BoxApi.open(shard);
  const reader = new HeldKeysReader({ operator: shard.operator, clock: api.clock });
  api.desk.hotKeys = { ...api.desk.hotKeys, held: (partitions) => reader.read(partitions) };
  await shard.lock('hot', 0, ...Array.from({ length: 11 }, (_, i) => i + 1));
  await shard.lock('cold', 20);
  await api.readIn(
    1,
    arrival({ unit: keyUnit(Buffer.from([0xff])), origin: 3 }),
    arrival({ unit: keyUnit(Buffer.from([0xff])), origin: 4 }),
  );

  const { status, body } = await api.get(api.path('/hot-keys?limit=2'));
  expect([status, body]).toEqual([
    200,
    {
      ...{ by: 'held', at: BEGIN, since: null, total: 15, othersAtMost: 1, without: [] },
      keys: [
        { key: 'hot', partition: 3, count: 12, error: 0, share: 0.8 },
        { keyBase64: '/w==', partition: 1, count: 2, error: 0, share: 0.1333 },
      ],
    },
  ]);
  const explained = await api.get(api.path('/keys/hot'));
  expect(explained.body['hot']).toEqual({ rank: 1, held: 12, total: 15 });
  expect((await api.get(api.path('/keys/cold'))).body['hot']).toBeNull();
  expect((await api.get(api.path('/hot-keys?by=age'))).status).toBe(400);
});

test('the keys that fail most, as replicas told them in Redis', async () => {
  const shard = await bench.shard();
  await using api = await BoxApi.open(shard);
  const target = { kind: 'url', url: redisUrl } as const;
  const connection = new RedisConnection({ target, logger: createLogger('silent'), role: 'commands' });
  await connection.start();
  const key = `test:{${shard.route}:failures}:hot`;
  const clock = new FakeClock();
  const replica = (name: string): FailingKeysWatch =>
    new FailingKeysWatch({
      board: new RedisBoard({ servers: { serverOf: () => ({ connection }) }, key }),
      replica: name,
      clock,
    });
  const [one, two] = [replica('one'), replica('two')];
  api.desk.hotKeys = { ...api.desk.hotKeys, failing: (limit) => one.read(limit) };
  const unit = keyUnit(Buffer.from([0xff, 0x00]));
  for (const watch of [one, two, two]) watch.add({ unit, partition: 2 });
  await two.stop();

  const { body } = await api.get(api.path('/hot-keys?by=failures'));
  expect(body).toMatchObject({
    ...{ by: 'failures', since: clock.now(), total: 3, othersAtMost: 0 },
    keys: [{ keyBase64: '/wA=', partition: 2, count: 3, error: 0, share: 1 }],
  });
  expect(await connection.redis.pttl(key)).toBeGreaterThan(0);
  await connection.redis.unlink(key);
  await connection.stop();
});

test('what each partition holds, and who works on it', async () => {
  const shard = await bench.shard();
  await using api = await BoxApi.open(shard);
  await api.claim();
  await shard.lock('a', 5, 6);
  shard.time += BACKOFF;
  api.desk.owned = [{ partition: 3, restored: true, journalLate: false }];
  api.desk.end = () => Promise.resolve(shard.end + 4);
  api.desk.read = (partition) => Promise.resolve({ partition, committed: 90, end: 100, known: true });

  const { status, body } = await api.get(api.path('/partitions'));
  const partitions = body['partitions'] as Record<string, unknown>[];
  expect(status).toBe(200);
  expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2, 3]);
  expect(partitions[0]).toMatchObject({
    owned: false,
    restored: true,
    lockedKeys: 0,
    dueNow: 0,
    claimant: null,
  });
  expect(partitions[3]).toMatchObject({
    ...{ owned: true, restored: true, lockedKeys: 1, heldMessages: 2, inFlight: 0, parked: 0, dueNow: 1 },
    ...{ ingestLag: 4, consumerLag: 10, claimant: { alive: true } },
  });

  await shard.flush();
  const lost = (await api.get(api.path('/partitions'))).body['partitions'] as Record<string, unknown>[];
  expect(lost[3]).toMatchObject({ restored: false, lockedKeys: null, claimant: null, ingestLag: null });
});
