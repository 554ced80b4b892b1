import { expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';

test('a replica whose name in the group another one takes says so, ends with 1, and leaves the shards to it', async () => {
  await using bench = await Bench.open({
    kafka: { groupInstanceId: 'pod-0' },
    routes: { orders: { partitions: 2 } },
  });
  const first = bench.service;
  const second = await bench.addReplica();
  expect(await first.ended()).toBe(1);
  expect(await first.logged('kafka_client_broken')).toMatchObject([
    { err: { message: expect.stringContaining('fenced') } },
  ]);
  await bench.owned();
  expect(second.running).toBe(true);
});
