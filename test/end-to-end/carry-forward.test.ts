import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../dev/stack/redis.ts';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import { header, type KafkaRecord, text } from '../support/kafka-record.ts';
import { committedOffset } from '../support/topics.ts';
import { waitFor } from '../support/wait-for.ts';

const WEEK = 7 * 24 * 3_600_000;

/** Its own: nobody else's data may be lost. */
let redis: RedisServer;
let bench: Bench<'distance' | 'age'>;

beforeAll(async () => {
  redis = await startRedis();
  const backoff = { initial: '400ms', multiplier: 1, jitter: 0 };
  const settings = { backoff, maxAttempts: 1_000, maxAge: null };
  bench = await Bench.open({
    redisUrl: redis.url,
    routes: {
      distance: { settings: { ...settings, carryForward: { distance: 20 } } },
      // A record that is a week old would be removed at once.
      age: { topicConfig: { retry: { 'retention.ms': '-1' } }, settings },
    },
  });
});

afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

async function loseRedis(): Promise<void> {
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
}

/** Resolves when a rebuild would begin behind that offset of the retry topic. */
async function checkpointPasses(name: 'distance' | 'age', offset: number): Promise<void> {
  const { retryTopic } = bench.route(name);
  const checkpoint = (): Promise<number> => committedOffset(bench.serviceGroup(name), retryTopic, 0);
  await waitFor('the checkpoint to move on', async () => (await checkpoint()) > offset, {
    state: checkpoint,
  });
}

describe('a message that waits for long does not hold the checkpoint back, and is not lost with Redis', () => {
  test('where many records lie behind it', async () => {
    const { topic } = bench.route('distance');
    const history = new History();
    let isBad = true;
    await using retries = await bench.read('distance', 'retryTopic');
    const bad = await bench.sender.send(topic, { key: 'bad', value: 'bad' });
    await using _consumer = await bench.consume('distance', {
      history,
      behaviour: ({ value, run }) => {
        if (value === 'bad' ? isBad : run === 1) throw new Error('fails');
      },
    });
    const good = await bench.sender.sendAll(
      topic,
      Array.from({ length: 40 }, (_, key) => ({ key: `k${key}`, value: `k${key}` })),
    );
    await history.allSucceeded(good);
    await checkpointPasses('distance', 0);
    await bench.moved('carried_forward_total', 'distance');
    const isCopy = (record: KafkaRecord): boolean => header(record, 'x-retry-carried') !== undefined;
    const copy = await retries.one('copy', isCopy);
    expect([header(copy, 'x-retry-origin-offset'), text(copy.key), text(copy.value)]).toEqual([
      String(bad.offset),
      'bad',
      'bad',
    ]);

    const attempts = history.of(bad).length;
    await loseRedis();
    await waitFor('one more attempt', () => history.of(bad).length > attempts + 1);
    isBad = false;
    await history.allSucceeded([bad]);
    await bench.unlocked('distance');
    // An outcome that Kafka had not been told of yet is repeated: one at most.
    const runs = history.of(bad);
    expect(runs.at(-1)!.attempt).toBeGreaterThanOrEqual(runs.length - 1);
  });

  test('where it is old', async () => {
    const { topic, retryTopic } = bench.route('age');
    const history = new History();
    const [main] = await bench.sender.sendAll(topic, [{ key: 'old', value: 'old' }]);
    await bench.sender.send(retryTopic, {
      ...{ partition: 0, key: 'old', value: 'old', timestamp: Date.now() - WEEK },
      headers: Object.entries({
        'x-retry-origin-topic': topic,
        'x-retry-origin-partition': '0',
        'x-retry-origin-offset': String(main!.offset),
        'x-retry-not-before': String(Date.now() + 3_600_000),
        'x-retry-attempt': '1',
      }),
    });
    await using _consumer = await bench.consume('age', { history, behaviour: () => undefined });
    await checkpointPasses('age', 0);

    await loseRedis();
    await bench.lockIs('age', 'old', { attempt: 1, state: 'waiting', headOffset: main!.offset });
  });
});
