import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import { waitFor } from '../support/wait-for.ts';

const MESSAGES = 500;
const KEYS = 50;
const PARTITIONS = 3;

let bench: Bench<'killed' | 'stopped'>;

beforeAll(async () => {
  // A process that was killed is a member of its group until its session is over.
  bench = await Bench.open({
    kafka: { sessionTimeout: '3s' },
    routes: { killed: { partitions: PARTITIONS }, stopped: { partitions: PARTITIONS } },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

/**
 * Every message fails once. Whenever another fifth of them has come back, `end` ends the service, in the middle of what
 * it is doing, and it is started again.
 */
async function interruptRetries(
  name: 'killed' | 'stopped',
  times: number,
  end: () => Promise<void>,
): Promise<void> {
  const { topic } = bench.route(name);
  const history = new History();
  const records = Array.from({ length: MESSAGES }, (_, i) => {
    const key = i % KEYS;
    return { key: `k${key}`, value: `k${key}-${Math.floor(i / KEYS)}`, partition: key % PARTITIONS };
  });
  let retries = Infinity;
  let ended: { readonly whole: Promise<void> } | undefined;
  const sent = await bench.sender.sendAll(topic, records);
  await using _consumer = await bench.consume(name, {
    history,
    behaviour: ({ run }) => {
      if (run === 1) throw new Error('the first time');
      retries += 1;
      if (retries === MESSAGES / 5) ended = { whole: end() };
    },
  });
  for (let i = 0; i < times; i++) {
    [retries, ended] = [0, undefined];
    const { whole } = await waitFor('the end of the service', () => ended, {
      ...{ state: () => `${retries} retries` },
    });
    await whole;
    // Else this would show nothing.
    expect(sent.some((message) => !history.succeeded(message))).toBe(true);
    bench.service.spawn();
  }
  await bench.owned();
  await history.allSucceeded(sent);

  expect(history.violations(sent)).toEqual([]);
  expect(history.repeated).toEqual([]);
  await bench.unlocked(name);
}

describe('in the middle of 500 retries nothing is lost, repeated or put out of order by', () => {
  test('SIGTERM, which ends the service within seconds and with exit code 0', async () => {
    await interruptRetries('stopped', 1, async () => {
      const end = await bench.service.terminate();
      expect(end).toMatchObject({ code: 0, signal: null });
      expect(end.ms).toBeLessThan(20_000);
    });
  });

  test('SIGKILL, twice', async () => {
    await interruptRetries('killed', 2, () => bench.service.kill());
  });
});
