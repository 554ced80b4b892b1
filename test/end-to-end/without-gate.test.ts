import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { failFirst, History } from '../support/history.ts';
import { header, type KafkaRecord, text } from '../support/kafka-record.ts';
import { waitFor } from '../support/wait-for.ts';

let bench: Bench<'unordered' | 'counted' | 'ordered' | 'inferred'>;

beforeAll(async () => {
  const backoff = { initial: '300ms', multiplier: 1, jitter: 0 };
  bench = await Bench.open({
    routes: {
      unordered: { settings: { ordering: 'none', maxAttempts: 3, backoff } },
      counted: { settings: { ordering: 'none', backoff: { initial: '1h', max: '1h' } } },
      ordered: { settings: { gate: false, maxAttempts: 5, backoff } },
      inferred: { partitions: 2, settings: { gate: false, backoff: { initial: '50ms', jitter: 0 } } },
    },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

test('ordering: none gives each message its own backoff, attempts and dead letter, whatever its key', async () => {
  const { topic } = bench.route('unordered');
  const history = new History();
  await using deadLetters = await bench.read('unordered', 'deadLetterTopic');
  await using _consumer = await bench.consumePlainly('unordered', {
    history,
    behaviour: failFirst({ poison: Infinity, m1: 1 }),
  });
  const sent = await bench.sender.sendAll(topic, [
    { key: 'a', value: 'poison' },
    { key: 'a', value: 'm1' },
    { key: 'a', value: 'm2' },
  ]);
  const [poison, m1, m2] = sent as [KafkaRecord, KafkaRecord, KafkaRecord];
  const letter = await deadLetters.one('dead letter');
  await history.allSucceeded([m1, m2]);

  expect([poison, m1, m2].map((message) => history.of(message).map(({ attempt }) => attempt))).toEqual([
    [1, 2, 3],
    [1, 2],
    [1],
  ]);
  expect([
    text(letter.value),
    header(letter, 'x-retry-dead-letter-reason'),
    header(letter, 'x-retry-attempt'),
  ]).toEqual(['poison', 'exhausted', '3']);
  // It did not wait for the one before it, of the same key.
  expect(history.of(m1)[1]!.endedAt).toBeLessThan(history.of(poison)[2]!.begunAt);
  const backoffs = history
    .of(poison)
    .map(({ begunAt }, i, all) => begunAt - (all[i - 1]?.endedAt ?? -Infinity));
  expect(Math.min(...backoffs)).toBeGreaterThanOrEqual(300);
});

test('ordering: none locks nothing, and its waiting messages are counted', async () => {
  const { name, topic } = bench.route('counted');
  const history = new History();
  await using _consumer = await bench.consumePlainly('counted', {
    history,
    behaviour: () => {
      throw new Error('always');
    },
  });
  await bench.sender.sendAll(
    topic,
    ['m0', 'm1'].map((value) => ({ key: 'a', value })),
  );
  const labels = { route: name };
  await waitFor('two held messages', async () => (await bench.service.metric('held_messages', labels)) === 2);
  for (const metric of ['locks_held', 'locks_acquired_total', 'oldest_lock_age_seconds']) {
    await expect(bench.service.metric(metric, labels)).resolves.toBe(0);
  }
});

test('without a gate, the retried messages of a key come back in their order, and fresh ones are not held back', async () => {
  const { topic } = bench.route('ordered');
  const history = new History();
  await using retries = await bench.read('ordered', 'retryTopic');
  await using _consumer = await bench.consumePlainly('ordered', {
    history,
    behaviour: failFirst({ m0: 3, m1: 1, m2: 2, m3: 1 }),
  });
  const values = ['m0', 'm1', 'm2', 'm3'];
  const sent = await bench.sender.sendAll(
    topic,
    values.map((value) => ({ key: 'a', value })),
  );
  await retries.atLeast(4, 'first failures');
  const fresh = await bench.sender.send(topic, { key: 'a', value: 'fresh' });
  await history.allSucceeded([...sent, fresh]);

  expect(history.firstSuccesses).toEqual(['fresh', ...values]);
  expect(history.of(fresh)).toMatchObject([{ redelivered: false }]);
  // No redelivery of a message while an earlier one of those that failed was unresolved.
  const redelivered = history.handlings.filter((handling) => handling.redelivered);
  expect(redelivered.map(({ value, attempt }) => `${value} ${attempt}`)).toEqual([
    'm0 2',
    'm0 3',
    'm0 4',
    'm1 2',
    'm2 2',
    'm2 3',
    'm3 2',
  ]);
  // The second failure of a message was told as such, and with the delivery that failed.
  const again = retries.records.filter((record) => header(record, 'x-retry-delivery') !== undefined);
  expect(again.map((record) => `${text(record.value)} ${header(record, 'x-retry-attempt')}`)).toEqual([
    'm0 2',
    'm0 3',
    'm2 2',
  ]);
  await bench.unlocked('ordered');
});

test('without a gate, a redelivery counts as handled only when the group has committed past it', async () => {
  const { topic } = bench.route('inferred');
  const history = new History();
  await using consumer = await bench.consumePlainly('inferred', {
    history,
    behaviour: ({ value, run }) => {
      if (run === 1) throw new Error('the first time');
      // From here on: handled, and not committed.
      if (value === 'uncommitted') consumer.heldPartitions.add(0);
    },
  });
  const uncommitted = await bench.sender.send(topic, {
    partition: 0,
    key: 'uncommitted',
    value: 'uncommitted',
  });
  await history.allSucceeded([uncommitted]);

  // What is looked for in all partitions at once was found in the other one, twice, and not in this one.
  for (const key of ['first', 'second']) {
    const other = await bench.sender.send(topic, { partition: 1, key, value: key });
    await history.allSucceeded([other]);
    await waitFor(`${key} to be unlocked`, async () => (await bench.lock('inferred', key)) === undefined);
    await expect(bench.lock('inferred', 'uncommitted')).resolves.toMatchObject({ state: 'probing', held: 1 });
  }
  consumer.heldPartitions.clear();
  await bench.unlocked('inferred');
  expect(history.of(uncommitted)).toHaveLength(2);
});
