import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { failFirst, History } from '../support/history.ts';
import { header, text } from '../support/kafka-record.ts';

const BACKOFF = 300;

let bench: Bench<'order' | 'window' | 'many'>;

beforeAll(async () => {
  const settings = { backoff: { initial: `${BACKOFF}ms`, multiplier: 2, max: '5s', jitter: 0 } };
  bench = await Bench.open({
    routes: { order: { settings }, window: {}, many: { partitions: 3 } },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

test('followers neither overtake a message that fails again and again nor use up attempts, and other keys flow meanwhile', async () => {
  const { topic } = bench.route('order');
  const history = new History();
  const sent = await bench.sender.sendAll(topic, [
    ...['a0', 'a1', 'a2', 'a3'].map((value) => ({ key: 'a', value })),
    ...['b0', 'b1', 'b2'].map((value) => ({ key: 'b', value })),
  ]);
  await using retries = await bench.read('order', 'retryTopic');
  await using main = await bench.read('order', 'topic');
  await using _consumer = await bench.consume('order', { history, behaviour: failFirst({ a0: 3 }) });
  const [a0] = sent;
  // Sent while the key is locked: they too stand behind it, and have to be told by the gate.
  await retries.one('the record of a0', ({ value }) => text(value) === 'a0');
  const late = await bench.sender.sendAll(topic, [
    { key: 'a', value: 'a4' },
    { key: 'b', value: 'b3' },
  ]);
  const all = [...sent, ...late];
  await history.allSucceeded(all);

  expect(history.violations(all)).toEqual([]);
  expect(history.of(a0!).map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);

  // The followers were published behind it without an attempt, and handled once, as their first.
  const behind = await retries.atLeast(
    4,
    'followers',
    (record) => header(record, 'x-retry-reason') === 'behind',
  );
  expect(behind.map((record) => [text(record.value), header(record, 'x-retry-attempt')])).toEqual([
    ['a1', '0'],
    ['a2', '0'],
    ['a3', '0'],
    ['a4', '0'],
  ]);
  for (const follower of all.filter(({ key, value }) => text(key) === 'a' && text(value) !== 'a0')) {
    expect(history.of(follower)).toMatchObject([{ attempt: 1, redelivered: true, outcome: 'succeeded' }]);
  }

  // Nothing of the other key waited for a backoff of this one.
  const secondRun = history.of(a0!)[1]!;
  for (const other of all.filter(({ key }) => text(key) === 'b')) {
    expect(history.of(other)).toMatchObject([{ redelivered: false, outcome: 'succeeded' }]);
    expect(history.of(other)[0]!.endedAt).toBeLessThan(secondRun.begunAt);
  }

  // Never early: each redelivery reached the main topic after the backoff of the failure before it.
  const redeliveries = await main.atLeast(
    3,
    'redeliveries of a0',
    (record) => text(record.value) === 'a0' && header(record, 'x-retry-delivery') !== undefined,
  );
  expect(redeliveries.map((record) => header(record, 'x-retry-attempt'))).toEqual(['2', '3', '4']);
  const waited = redeliveries.map(({ timestamp }, i) => timestamp - history.of(a0!)[i]!.endedAt!);
  expect(waited[0]).toBeGreaterThanOrEqual(BACKOFF);
  expect(waited[1]).toBeGreaterThanOrEqual(2 * BACKOFF);
  expect(waited[2]).toBeGreaterThanOrEqual(4 * BACKOFF);
});

test('a follower that fails in the middle of a window recalls those behind it: the order is kept and nobody is lost', async () => {
  const { topic } = bench.route('window');
  const history = new History();
  const values = Array.from({ length: 21 }, (_, i) => `w${i}`);
  const sent = await bench.sender.sendAll(
    topic,
    values.map((value) => ({ key: 'w', value })),
  );
  await using consumer = await bench.consume('window', { history, behaviour: failFirst({ w0: 1, w5: 1 }) });
  await history.allSucceeded(sent);

  expect(history.firstSuccesses).toEqual(values);
  expect(history.violations(sent)).toEqual([]);
  // Those that were recalled had not been handled, and were handled once.
  expect(history.handlings).toHaveLength(values.length + 2);
  // It was recalled in flight, not released one by one: copies of those behind it were turned away by the gate.
  expect(consumer.finished('skipped').length).toBeGreaterThan(0);
});

test('many keys that fail at once over several partitions keep their own order each, and all of them are unlocked in the end', async () => {
  const { topic, partitions } = bench.route('many');
  const history = new History();
  const records = Array.from({ length: 300 }, (_, i) => {
    const key = i % 20;
    return { key: `k${key}`, value: `k${key}-${Math.floor(i / 20)}`, partition: key % partitions };
  });
  const sent = await bench.sender.sendAll(topic, records);
  await using _consumer = await bench.consume('many', {
    history,
    // Every third message fails, some of them twice.
    behaviour: ({ record: { offset }, redelivered, run, value }) => {
      const number = Number(value!.split('-')[1]);
      if (number % 3 === 0 && run <= 1 + (number % 2)) throw new Error(`${offset} ${redelivered} fails`);
    },
  });
  await history.allSucceeded(sent);

  expect(history.violations(sent)).toEqual([]);
  await bench.unlocked('many');
});
