import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { failFirst, History } from '../support/history.ts';
import type { KafkaRecord } from '../support/kafka-record.ts';
import { waitFor } from '../support/wait-for.ts';

let bench: Bench<'paused' | 'other' | 'broken'>;

beforeAll(async () => {
  const settings = { backoff: { initial: '50ms', multiplier: 1, jitter: 0 } };
  bench = await Bench.open({
    replicas: 2,
    routes: { paused: { settings }, other: { settings }, broken: { settings } },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

async function ask(route: string, what: string, body: object): Promise<unknown> {
  return (await bench.service.post(`/v1/routes/${route}/${what}`, { reason: 'a test', ...body })).body;
}

async function followed(event: object): Promise<void> {
  await waitFor('all replicas to follow', async () => {
    const logs = await Promise.all(bench.services.map((service) => service.logged('route_control')));
    return logs.every((lines) =>
      lines.some((line) => Object.entries(event).every(([name, value]) => line[name] === value)),
    );
  });
}

test('a paused route redelivers nothing, though it is due, while others do; resumed, it goes on, after a restart too', async () => {
  const [paused, other] = [bench.route('paused'), bench.route('other')];
  expect(await ask(paused.name, 'pause', {})).toMatchObject({ outcome: 'done' });
  await followed({ route: paused.name, paused: true });
  const [history, others] = [new History(), new History()];
  await using _paused = await bench.consume('paused', { history, behaviour: failFirst({ a0: 1 }) });
  const failTwice = failFirst({ b0: 2 });
  await using _other = await bench.consume('other', {
    history: others,
    behaviour: async (handling) => {
      failTwice(handling);
      // For as long as its handler runs.
      await bench.moved('in_flight_messages', 'other');
    },
  });
  const [a0] = (await bench.sender.sendAll(paused.topic, [{ key: 'a', value: 'a0' }])) as [KafkaRecord];
  await waitFor('the lock', async () => (await bench.locks('paused')).length === 1);
  await bench.moved('due_keys', 'paused');

  for (const service of bench.services) await service.terminate();
  for (const service of bench.services) service.spawn();
  await bench.owned();

  // Its time has come long before that of the other, which fails twice.
  const sent = await bench.sender.sendAll(other.topic, [{ key: 'b', value: 'b0' }]);
  await others.allSucceeded(sent);
  expect(history.of(a0)).toHaveLength(1);
  expect((await bench.locks('paused'))[0]).toMatchObject({ state: 'waiting', attempt: 1 });

  expect(await ask(paused.name, 'resume', {})).toMatchObject({ outcome: 'done', paused: { is: false } });
  await history.allSucceeded([a0]);
  expect(history.of(a0)).toMatchObject([{ attempt: 1 }, { attempt: 2 }]);
});

test('while the breaker is open a failure stops its partition and burns no attempt; closed, it counts', async () => {
  const { name, topic } = bench.route('broken');
  expect(await ask(name, 'breaker', { state: 'open' })).toMatchObject({ breaker: { state: 'open' } });
  await followed({ route: name, breaker: 'open' });
  const states = bench.services.map((service) => service.metric('breaker_state', { route: name }));
  expect(await Promise.all(states)).toEqual([2, 2]);

  const history = new History();
  let broken = true;
  await using _consumer = await bench.consume('broken', {
    history,
    behaviour: () => {
      if (broken) throw new Error('the database is down');
    },
  });
  const sent = await bench.sender.sendAll(topic, [
    { key: 'a', value: 'a0' },
    { key: 'b', value: 'b0' },
  ]);
  const [a0, b0] = sent as [KafkaRecord, KafkaRecord];
  await waitFor('two tries of one record', () => history.of(a0).length >= 2);
  expect(history.of(a0).every(({ attempt }) => attempt === 1)).toBe(true);
  expect(await bench.locks('broken')).toEqual([]);

  expect(await ask(name, 'breaker', { state: 'closed' })).toMatchObject({ breaker: { state: 'closed' } });
  await waitFor('the lock', async () => (await bench.locks('broken')).some(({ key }) => key === 'a'));
  broken = false;
  await history.allSucceeded([a0, b0]);
});
