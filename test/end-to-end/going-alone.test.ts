import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type RedisServer, startRedis } from '../../dev/stack/redis.ts';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import { header, type KafkaRecord } from '../support/kafka-record.ts';
import { waitFor } from '../support/wait-for.ts';

const PARTITIONS = 2;
const KEYS = 20;
/** Of these keys something fails; nothing does of the others. */
const FAILING = 10;

let redis: RedisServer;
let bench: Bench<'orders'>;

beforeAll(async () => {
  redis = await startRedis();
  bench = await Bench.open({
    redisUrl: redis.url,
    kafka: { sessionTimeout: '3s' },
    routes: { orders: { partitions: PARTITIONS, settings: { maxAttempts: 100 } } },
  });
});

afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

function send(round: string, each: number): Promise<KafkaRecord[]> {
  const records = Array.from({ length: each * KEYS }, (_, i) => {
    const [key, index] = [i % KEYS, Math.floor(i / KEYS)];
    return { key: `k${key}`, value: `${round} k${key} ${index}`, partition: key % PARTITIONS };
  });
  return bench.sender.sendAll(bench.route('orders').topic, records);
}

test('with service and Redis gone, failures are put aside in order, other keys go on, and all is made up for afterwards', async () => {
  const history = new History();
  await using retries = await bench.read('orders', 'retryTopic');
  let isAway = false;
  await using consumer = await bench.consume('orders', {
    history,
    behaviour: ({ key, value, run }) => {
      const number = Number(key?.slice(1));
      const [round, , index] = value!.split(' ');
      if (number >= FAILING) return;
      // Half of the keys are locked when the service goes; the other half fails while it is away.
      if (round === 'before' && index === '1' && number % 2 === 0 && (run === 1 || isAway))
        throw new Error('fails');
      if (round === 'during' && ['2', '3'].includes(index!) && number % 2 === 1 && run <= 2)
        throw new Error('fails');
    },
  });
  const before = await send('before', 3);
  await waitFor(
    'half of the keys to have failed',
    () => history.handlings.filter(({ outcome }) => outcome === 'failed').length >= FAILING / 2,
  );
  isAway = true;
  await Promise.all([bench.service.kill(), redis.process.kill()]);

  const during = await send('during', 10);
  const free = during.filter(({ key }) => Number(String(key).slice(1)) >= FAILING);
  await history.allSucceeded(free);
  const unannounced = await retries.atLeast(
    (FAILING / 2) * 8,
    'what failed, and what follows it',
    (one) => header(one, 'x-retry-unannounced') === 'true',
  );
  expect(new Set(unannounced.map((one) => header(one, 'x-retry-reason')))).toEqual(
    new Set(['failed', 'behind']),
  );
  expect(new Set(consumer.events.map(({ type }) => type))).toContain('going-alone');

  isAway = false;
  await redis.process.start();
  bench.service.spawn();
  const after = await send('after', 3);
  await bench.owned();
  const all = [...before, ...during, ...after];
  await history.allSucceeded(all);
  expect(history.violations(all)).toEqual([]);
  const ends = consumer.events.filter(({ type }) => type === 'with-service-again');
  expect(new Set(ends.map((event) => 'partition' in event && event.partition))).toEqual(new Set([0, 1]));
  await bench.unlocked('orders');
});
