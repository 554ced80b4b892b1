import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formatToken } from '../../../src/domain/delivery-token.ts';
import { BoxApi } from '../../support/box-api.ts';
import { BACKOFF, BoxBench, copyOf } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

test('each attempt that a gate tells to have failed is counted once', async () => {
  const shard = await bench.shard();
  await using api = await BoxApi.open(shard);
  const error = { class: 'Boom', message: 'it broke' };
  await shard.lock('a', 5);
  await api.claim();
  shard.time += BACKOFF;
  const [job] = await shard.deliver(50);
  const token = copyOf(job!).token as { place: Buffer; nonce: string };
  const delivery = formatToken(token);
  const failed = { key: 'a', offset: 5, result: 'failed', error };
  await api.outcomes({ ...failed, delivery }, { key: 'b', offset: 9, result: 'failed', error });
  await api.outcomes({ ...failed, delivery });
  expect(
    api.desk.failed.map(({ unit, partition, message }) => [unit.toString(), partition, message]),
  ).toEqual([
    ['ka', 3, 'it broke'],
    ['kb', 3, 'it broke'],
  ]);
});

test('kinds of failures are listed', async () => {
  await using api = await BoxApi.open(await bench.shard());
  const shape = {
    errorClass: 'Boom',
    shape: 'late by <n>',
    count: 3,
    firstSeen: 1,
    lastSeen: 2,
    example: 'late by 5',
  };
  api.desk.shapes = [{ id: 'x', ...shape }];
  const { status, body } = await api.get(api.path('/failures?sort=last&limit=1'));
  expect({ status, body }).toEqual({ status: 200, body: { failures: [shape] } });
  expect((await api.get(api.path('/failures?sort=size'))).status).toBe(400);
});
