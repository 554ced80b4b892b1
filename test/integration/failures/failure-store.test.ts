import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { keyUnit } from '../../../src/domain/unit.ts';
import { FailureStore } from '../../../src/failures/failure-store.ts';
import { FailureTally } from '../../../src/failures/failure-tally.ts';
import type { Taken } from '../../../src/failures/failure-tally.ts';
import { createLogger } from '../../../src/logger.ts';
import { RedisConnection } from '../../../src/redis/connection.ts';
import { failureKeys } from '../../../src/redis/shard-keys.ts';
import { redisUrl } from '../../support/stack.ts';

let connection: RedisConnection;
beforeAll(async () => {
  const target = { kind: 'url', url: redisUrl } as const;
  connection = new RedisConnection({ target, logger: createLogger('silent'), role: 'commands' });
  await connection.start();
});
afterAll(() => connection.stop());

let routes = 0;
function aStore(): { store: FailureStore; keys: string[] } {
  const route = `failures-${String(process.pid)}-${String(routes++)}`;
  const store = new FailureStore({
    servers: { serverOf: () => ({ connection }) },
    keyPrefix: 'test:',
    route,
  });
  return { store, keys: failureKeys('test:', route) };
}

function counted(...failures: readonly (readonly [key: string, message: string, at: number])[]): Taken {
  const tally = new FailureTally();
  for (const [key, message, at] of failures) {
    tally.add({ unit: keyUnit(Buffer.from(key)), partition: 2, errorClass: 'Error', message }, at);
  }
  return tally.take();
}

test('what replicas count is added up', async () => {
  const { store } = aStore();
  await store.add(counted(['a', 'late by 5', 100], ['a', 'late by 6', 200]));
  await store.add(counted(['b', 'late by 7', 50], ['b', 'no stock', 300]));
  const late = { errorClass: 'Error', shape: 'late by <n>', count: 3, example: 'late by 5' };
  expect(await store.top('count', 10)).toMatchObject([
    { ...late, firstSeen: 100, lastSeen: 200 },
    { shape: 'no stock', count: 1 },
  ]);
  expect((await store.top('last', 10)).map(({ shape }) => shape)).toEqual(['no stock', 'late by <n>']);
  expect(await store.top('last', 1)).toHaveLength(1);
});

test('the last failures of a key are kept, the newest first', async () => {
  const { store } = aStore();
  const key = keyUnit(Buffer.from('a'));
  expect(await store.ofUnit(key)).toEqual([]);
  await store.add(counted(['a', 'one', 1_795_284_934_923], ['a', 'two', 1_795_284_934_924]));
  await store.add(counted(['a', 'three', 1_795_284_934_925], ['a', 'four', 1_795_284_934_926]));
  expect(await store.ofUnit(key)).toEqual(
    ['four', 'three', 'two'].map((message, i) => ({
      ...{ at: 1_795_284_934_926 - i, partition: 2, errorClass: 'Error', message },
    })),
  );
});

test('what was seen the longest ago makes room', async () => {
  const { store, keys } = aStore();
  const words = Array.from({ length: 900 }, (_, i) => String.fromCodePoint(0x4e00 + i));
  await store.add(counted(...words.map((word, i) => [`key-${word}`, word, i] as const)));
  for (let i = 0; i < 12; i++) {
    await store.add(
      counted(
        ...words.map((word, n) => [`key-${String(i)}-${word}`, words[0] ?? '', 1_000 * i + n] as const),
      ),
    );
  }
  const sizes = await Promise.all([
    connection.redis.hlen(keys[0]!),
    connection.redis.zcard(keys[1]!),
    connection.redis.zcard(keys[2]!),
    connection.redis.hlen(keys[3]!),
    connection.redis.zcard(keys[4]!),
  ]);
  expect(sizes.slice(3)).toEqual([10_000, 10_000]);
  expect(sizes.slice(0, 3)).toEqual([500, 500, 500]);
  expect(await store.top('last', 500)).toHaveLength(500);
  await connection.redis.unlink(keys);
});
