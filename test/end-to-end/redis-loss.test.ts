import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../dev/stack/redis.ts';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import { header } from '../support/kafka-record.ts';
import { waitFor } from '../support/wait-for.ts';

const PARTITIONS = 2;
const KEYS = 20;

/** Its own: nobody else's data may be lost. */
let redis: RedisServer;
let bench: Bench<'flushed' | 'restarted' | 'journalled' | 'counted'>;

beforeAll(async () => {
  redis = await startRedis();
  const settings = { backoff: { initial: '1s', multiplier: 1, jitter: 0 }, maxAttempts: 100 };
  bench = await Bench.open({
    redisUrl: redis.url,
    routes: {
      flushed: { partitions: PARTITIONS, settings },
      restarted: { partitions: PARTITIONS, settings },
      counted: {
        partitions: PARTITIONS,
        settings: { backoff: { initial: '1h', multiplier: 1, max: '1h', jitter: 0 } },
      },
      journalled: {
        partitions: PARTITIONS,
        settings: { ...settings, backoff: { initial: '2s', multiplier: 1, jitter: 0 }, maxAttempts: 4 },
      },
    },
  });
});

afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

async function command<T>(run: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(redis.url, { maxRetriesPerRequest: 1 });
  client.on('error', () => undefined);
  try {
    return await run(client);
  } finally {
    client.disconnect();
  }
}

/** Loses Redis' data while every key waits, and again while they drain and fresh records come in. */
async function loseDataUnderWay(
  name: 'flushed' | 'restarted',
  lose: (when: 'waiting' | 'draining') => Promise<unknown>,
): Promise<void> {
  const { topic } = bench.route(name);
  const history = new History();
  const batch = (round: string, each: number): { key: string; value: string; partition: number }[] =>
    Array.from({ length: each * KEYS }, (_, i) => {
      const key = i % KEYS;
      return {
        key: `k${key}`,
        value: `${round} k${key}-${Math.floor(i / KEYS)}`,
        partition: key % PARTITIONS,
      };
    });
  const first = await bench.sender.sendAll(topic, batch('first', 6));
  await using _consumer = await bench.consume(name, {
    history,
    // The first of each key fails twice, its fourth once.
    behaviour: ({ value, run }) => {
      if ((value!.endsWith('-0') && run <= 2) || (value!.endsWith('-3') && run === 1))
        throw new Error('fails');
    },
  });
  await waitFor('every key to be locked', async () => (await bench.locks(name)).length === KEYS);
  await lose('waiting');
  const second = await bench.sender.sendAll(topic, batch('second', 3));
  const all = [...first, ...second];
  await waitFor('some keys to go on', () => all.filter((each) => history.succeeded(each)).length > KEYS);
  await lose('draining');
  await history.allSucceeded(all);

  expect(history.violations(all)).toEqual([]);
  await bench.unlocked(name);
  await expect(bench.service.status('/readyz')).resolves.toBe(200);
}

describe('nothing is lost and the order is kept when Redis loses all its data while keys wait and while they drain', () => {
  test('by FLUSHALL', async () => {
    await loseDataUnderWay('flushed', () => command((client) => client.flushall()));
    await expect(command((client) => client.dbsize())).resolves.toBeGreaterThan(0);
  });

  test('by a restart without a copy on disk', async () => {
    await loseDataUnderWay('restarted', async (when) => {
      await redis.process.kill();
      // What is due is released, and nobody knows whether that had its effect.
      if (when === 'waiting') await bench.moved('shards_restoring', 'restarted');
      await redis.process.start();
      await bench.moved('redis_reconnects_total', null);
    });
  });
});

test('attempts go on counting, and what was told to Kafka does not happen again', async () => {
  const { name, topic, deadLetterTopic } = bench.route('journalled');
  const history = new History();
  await using letters = await bench.read('journalled', 'deadLetterTopic');
  // The first of all holds the checkpoint back: all behind it would be read again.
  const bad = await bench.sender.send(topic, { key: 'bad', value: 'bad', partition: 1 });
  await using _consumer = await bench.consume('journalled', {
    history,
    behaviour: ({ value, run }) => {
      if (value === 'bad' || run === 1) throw new Error('fails');
    },
  });
  await waitFor('the first failure', () => history.of(bad).length === 1);
  const good = await bench.sender.sendAll(
    topic,
    Array.from({ length: KEYS }, (_, key) => ({ key: `k${key}`, value: `k${key}`, partition: 1 })),
  );
  await history.allSucceeded(good);
  await bench.lockIs('journalled', 'bad', { attempt: 3, state: 'waiting' });
  const noted = (): Promise<string[]> => command((client) => client.keys(`*{${name}:1}:journal`));
  await waitFor('Kafka to have heard of it', async () => (await noted()).length === 0, { state: noted });
  await command((client) => client.flushall());

  const [letter] = await letters.atLeast(1, `dead letter in ${deadLetterTopic}`);
  expect(header(letter!, 'x-retry-attempt')).toBe('4');
  expect(history.of(bad).map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  expect(good.filter((each) => history.of(each).length > 2)).toEqual([]);
  await bench.unlocked('journalled');
});

test('what is counted as locked and as unlocked agrees with what is locked, after Redis has lost it, too', async () => {
  const { name, topic } = bench.route('counted');
  const { service } = bench;
  const history = new History();
  await using _consumer = await bench.consume('counted', {
    history,
    behaviour: () => {
      throw new Error('fails');
    },
  });
  await bench.sender.sendAll(
    topic,
    Array.from({ length: KEYS }, (_, key) => ({ key: `k${key}`, value: 'x', partition: key % PARTITIONS })),
  );
  const figures = async () => {
    const [acquired, lost, held] = await Promise.all([
      service.metric('locks_acquired_total', { route: name }),
      service.metric('locks_released_total', { route: name, reason: 'lost' }),
      service.metric('locks_held', { route: name }),
    ]);
    return { acquired, lost, held };
  };
  const counted = (acquired: number, lost: number): Promise<unknown> =>
    waitFor(
      `${acquired} locks, of which ${lost} were lost`,
      async () => isDeepStrictEqual(await figures(), { acquired, lost, held: KEYS }),
      { state: figures },
    );
  await counted(KEYS, 0);
  await command((client) => client.flushall());
  await counted(2 * KEYS, KEYS);
  await redis.process.kill();
  await redis.process.start();
  await counted(3 * KEYS, 2 * KEYS);
});
