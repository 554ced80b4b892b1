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
  expect(await first.logged('kafka_client_broken')).toHaveLength(1);
  const said = (await first.logged('kafka_client')).map(({ msg }) => String(msg));
  expect(said).toContainEqual(
    expect.stringContaining('fenced by other consumer with same group.instance.id'),
  );
  await bench.owned();
  expect(second.running).toBe(true);
});
