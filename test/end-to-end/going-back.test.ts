import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import { waitFor } from '../support/wait-for.ts';

// What docs/adopt.md says under "Go back".
let bench: Bench<'orders'>;

beforeAll(async () => {
  const settings = { backoff: { initial: '500ms', multiplier: 1, jitter: 0 }, maxAttempts: 1_000 };
  bench = await Bench.open({ routes: { orders: { settings } } });
});

afterAll(() => bench[Symbol.asyncDispose]());

test('with the breaker opened by hand the box runs empty, and consumers without the gate go on in order', async () => {
  const { name, topic } = bench.route('orders');
  const history = new History();
  const broken = new Set<string | null>(['a0', 'b0']);
  const consumer = await bench.consume('orders', {
    history,
    behaviour: ({ value }) => {
      if (broken.has(value)) throw new Error(`${value ?? ''} fails`);
    },
  });
  const of = (key: string, values: readonly string[]): { key: string; value: string }[] =>
    values.map((value) => ({ key, value }));
  const first = await bench.sender.sendAll(topic, of('a', ['a0', 'a1', 'a2']));
  await waitFor('the followers to wait', async () => (await bench.locks('orders'))[0]?.held === 3);

  const opened = await bench.service.post(bench.path('orders') + '/breaker', {
    ...{ state: 'open', reason: 'going back' },
  });
  expect(opened.body).toMatchObject({ breaker: { state: 'open' } });
  await waitFor('the breaker to count', async () =>
    (await bench.service.logged('route_control')).some(
      (line) => line['route'] === name && line['breaker'] === 'open',
    ),
  );

  broken.delete('a0');

  // It fails at its partition, and locks nothing.
  const second = await bench.sender.sendAll(topic, of('b', ['b0', 'b1']));
  await waitFor('the box to run empty', async () => {
    const locks = await bench.locks('orders');
    return locks.length === 0 && first.every((message) => history.succeeded(message));
  });
  await waitFor('a failure to be held back', () => history.of(second[0]!).length > 0);
  expect(await bench.locks('orders')).toEqual([]);

  await consumer[Symbol.asyncDispose]();
  await using _plain = await bench.consumePlainly('orders', { history, behaviour: () => undefined });
  const third = await bench.sender.sendAll(topic, of('a', ['a3']));
  await history.allSucceeded([...first, ...second, ...third]);

  expect(history.violations([...first, ...second, ...third])).toEqual([]);
  expect(history.firstSuccesses.filter((value) => value?.startsWith('a'))).toEqual(['a0', 'a1', 'a2', 'a3']);
  expect(history.firstSuccesses.filter((value) => value?.startsWith('b'))).toEqual(['b0', 'b1']);
});
