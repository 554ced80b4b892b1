import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { failFirst, History } from '../support/history.ts';
import { Sender } from '../support/sender.ts';
import { growTopic } from '../support/topics.ts';
import { waitFor } from '../support/wait-for.ts';

let bench: Bench<'main-first' | 'retry-first'>;

beforeAll(async () => {
  bench = await Bench.open({ routes: { 'main-first': { partitions: 2 }, 'retry-first': {} } });
});

afterAll(() => bench[Symbol.asyncDispose]());

/** What the service logged of a route. */
async function logged(route: 'main-first' | 'retry-first', ...events: string[]): Promise<unknown[]> {
  const { name } = bench.route(route);
  const lines = await Promise.all(events.map((event) => bench.service.logged(event)));
  return lines.flat().filter((line) => line['route'] === name);
}

test('partitions that only the main topic has wait for their retry partitions, while the others go on', async () => {
  const { topic, retryTopic, name } = bench.route('main-first');
  const history = new History();
  await using consumer = await bench.consume('main-first', {
    history,
    behaviour: failFirst({ before: 1, meanwhile: 1, new: 2 }),
  });
  const before = await bench.sender.send(topic, { partition: 1, key: 'a', value: 'before' });
  await growTopic(topic, 3);

  // A consumer may ask before the service has looked by itself.
  const claim = await bench.service.post(`${bench.path('main-first')}/partitions/2/claims`, {
    consumerId: 'early',
  });
  expect(claim).toMatchObject({ status: 503, body: { code: 'NOT_READY', retryable: true } });
  const problem = expect.stringContaining(`add partitions to ${retryTopic} until it has 3`);
  await expect(bench.service.get('/readyz')).resolves.toMatchObject({
    status: 503,
    body: { missing: [problem] },
  });
  await expect(bench.service.get('/readyz?scope=process')).resolves.toMatchObject({
    status: 200,
    body: { degraded: [problem] },
  });
  await expect(bench.service.get(bench.path('main-first'))).resolves.toMatchObject({
    body: { name, status: 'degraded', problems: [problem] },
  });

  await using sender = await Sender.open();
  const added = await sender.sendAll(
    topic,
    ['new', 'newer'].map((value) => ({ partition: 2, key: 'b', value })),
  );
  const meanwhile = await bench.sender.send(topic, { partition: 0, key: 'c', value: 'meanwhile' });
  await waitFor('the consumer to be told to wait', () =>
    consumer.events.some(
      (event) => event.type === 'claim-refused' && event.partition === 2 && event.code === 'NOT_READY',
    ),
  );
  await history.allSucceeded([before, meanwhile]);
  expect(history.handlings.filter(({ record }) => record.partition === 2)).toEqual([]);

  await growTopic(retryTopic, 3);
  await history.allSucceeded(added);
  expect(history.of(added[0]!).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(history.violations([before, meanwhile, ...added])).toEqual([]);
  await bench.unlocked('main-first');
  await waitFor('all shards', async () => isDeepStrictEqual(await bench.shards('main-first'), [0, 1, 2]));
  await waitFor('readiness', async () => (await bench.service.status('/readyz')) === 200);
  await expect(logged('main-first', 'route_degraded', 'route_recovered')).resolves.toHaveLength(2);
});

test('where the retry topic grows first, nobody waits and nothing is degraded', async () => {
  const { topic, retryTopic } = bench.route('retry-first');
  const history = new History();
  await using _consumer = await bench.consume('retry-first', { history, behaviour: failFirst({ new: 1 }) });
  await growTopic(retryTopic, 2);
  await waitFor('the new shard', async () => (await bench.shards('retry-first')).length === 2, {
    state: () => bench.service.tail(),
  });
  await growTopic(topic, 2);
  await using sender = await Sender.open();
  const added = await sender.send(topic, { partition: 1, key: 'a', value: 'new' });
  await history.allSucceeded([added]);
  await bench.unlocked('retry-first');
  await expect(logged('retry-first', 'route_degraded')).resolves.toEqual([]);
});
