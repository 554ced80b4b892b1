import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Proxy } from '../faults/proxy.ts';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import { header, type KafkaRecord } from '../support/kafka-record.ts';

let bench: Bench<'orders'>;
let proxy: Proxy;

beforeAll(async () => {
  bench = await Bench.open({
    routes: {
      orders: { settings: { backoff: { initial: '1500ms', multiplier: 1, jitter: 0 }, maxAttempts: 3 } },
    },
  });
  proxy = await Proxy.listen();
  proxy.forwardTo(Number(new URL(bench.service.url).port));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

// Unlike where the service is gone, it reads at once what the consumer puts aside, and goes on redelivering.
test('a consumer that is cut off from a service that runs goes on alone, and what comes back to it meanwhile burns no attempt', async () => {
  const { name, topic } = bench.route('orders');
  const history = new History();
  await using main = await bench.read('orders', 'topic');
  await using retries = await bench.read('orders', 'retryTopic');
  await using consumer = await bench.consume('orders', {
    history,
    service: [`http://127.0.0.1:${proxy.port}`],
    behaviour: ({ value, run }) => {
      if (run === 1 && value!.endsWith('0')) throw new Error('the first run fails');
    },
  });
  const of = (key: string): { key: string; value: string }[] =>
    [0, 1, 2].map((index) => ({ key, value: `${key}${index}` }));
  const locked = await bench.sender.sendAll(topic, of('a'));
  await bench.lockIs('orders', 'a', { held: 3, attempt: 1, state: 'waiting' });
  proxy.cut();

  const failing = await bench.sender.sendAll(topic, of('b'));
  const free = await bench.sender.sendAll(topic, [
    { key: 'c', value: 'c1' },
    { key: 'd', value: 'd1' },
  ]);
  await history.allSucceeded(free);
  const aside = await retries.atLeast(
    ...([3, 'what failed, and what follows it'] as const),
    (one) => header(one, 'x-retry-unannounced') === 'true',
  );
  expect(aside.map((one) => [one.value!.toString(), header(one, 'x-retry-reason')])).toEqual([
    ['b0', 'failed'],
    ['b1', 'behind'],
    ['b2', 'behind'],
  ]);
  // Passed over, and found by the evidence.
  const copyOf =
    ({ offset }: KafkaRecord) =>
    (one: KafkaRecord) =>
      header(one, 'x-retry-delivery') !== undefined &&
      header(one, 'x-retry-origin-offset') === String(offset);
  await main.atLeast(2, 'redelivery of a0', copyOf(locked[0]!));
  await main.atLeast(1, 'redelivery of b0', copyOf(failing[0]!));
  expect(consumer.events.map(({ type }) => type)).toContain('going-alone');

  proxy.open();
  const all = [...locked, ...failing, ...free];
  await history.allSucceeded(all);
  await bench.unlocked('orders');
  expect(history.violations(all)).toEqual([]);
  expect([locked[0]!, failing[0]!].map((one) => history.of(one).map(({ attempt }) => attempt))).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect(await bench.service.metric('dead_letters_total', { route: name })).toBe(0);
});
