import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { startRedis } from '../../dev/stack/redis.ts';
import { Bench } from '../support/bench.ts';
import { type Behaviour, History } from '../support/history.ts';
import { waitFor } from '../support/wait-for.ts';

const PARTITIONS = 2;
const KEYS = 100;

test('a Redis that is full: payloads stay in Kafka, then reading stops, and nothing is lost or out of order', async () => {
  await using redis = await startRedis({ args: ['--maxmemory', '6mb'] });
  await using bench = await Bench.open({
    redisUrl: redis.url,
    routes: {
      full: {
        partitions: PARTITIONS,
        settings: { backoff: { initial: '300ms', multiplier: 1, jitter: 0 }, maxAttempts: 1_000 },
      },
    },
  });
  const history = new History();
  let down = true;
  const done = new Set<number>();
  const next = new Map<number, number>();
  const violations: string[] = [];
  /** Each value begins with its number, and every key has each hundredth. */
  const behaviour: Behaviour = ({ value }) => {
    const number = Number.parseInt(value ?? '', 10);
    const wanted = next.get(number % KEYS) ?? number % KEYS;
    if (number > wanted) violations.push(`${number} came before ${wanted}`);
    if (down) throw new Error('the dependency is down');
    if (number === wanted) next.set(number % KEYS, number + KEYS);
    done.add(number);
  };
  const first = await bench.consume('full', { history, behaviour });
  const view = async () => {
    const { body } = await bench.service.get(bench.path('full'));
    return body as { backpressure: { state: string }; totals: { heldMessages: number } };
  };
  const state = async (): Promise<string> => (await view()).backpressure.state;
  const value = randomBytes(512).toString('hex');
  const batch = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => {
      const key = (from + i) % KEYS;
      return { key: `k${key}`, value: `${from + i} ${value}`, partition: key % PARTITIONS };
    });
  const { topic } = bench.route('full');
  const sent = await bench.sender.sendAll(topic, batch(0, 5_000));
  const stopped = async (): Promise<boolean> => {
    const { backpressure, totals } = await view();
    if (backpressure.state === 'stopped') return true;
    // How many messages fill it depends on how soon their payloads were left out.
    if (totals.heldMessages >= sent.length)
      sent.push(...(await bench.sender.sendAll(topic, batch(sent.length, 500))));
    return false;
  };
  await waitFor('reading to stop', stopped, { within: 120_000, every: 100, state: view });
  await bench.moved('backpressure_state', 'full');
  await bench.moved('ingest_lag_messages', 'full');
  // What RetryCursorDrift looks at: nothing is read of the shards, and Kafka has more.
  await bench.moved('cursor_drift_seconds', 'full');
  // A consumer that comes now gets its claims, and has to leave all that is new behind what was not read yet.
  await first[Symbol.asyncDispose]();
  await using _other = await bench.consume('full', { history, behaviour });
  sent.push(...(await bench.sender.sendAll(topic, batch(sent.length, 500))));
  expect(await bench.service.status('/readyz')).toBe(200);

  down = false;
  await waitFor('every message to succeed', () => done.size === sent.length, {
    ...{ within: 240_000, every: 500 },
    state: async () => `${done.size} of ${sent.length}; ${JSON.stringify(await view())}`,
  });
  await bench.unlocked('full');
  await waitFor('all to be well again', async () => (await state()) === 'inline');
  expect(violations).toEqual([]);
}, 600_000);
