import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FatalError } from '../../src/gate/index.ts';
import { Bench } from '../support/bench.ts';
import { failFirst, History } from '../support/history.ts';
import { applicationHeaders, header, type KafkaRecord, text } from '../support/kafka-record.ts';

let bench: Bench<'goes-on' | 'holds' | 'fatal' | 'ages'>;

beforeAll(async () => {
  bench = await Bench.open({
    routes: {
      'goes-on': { settings: { maxAttempts: 3 } },
      holds: { settings: { maxAttempts: 2, afterDeadLetter: 'hold' } },
      // A message that waited for its backoff would not get through in the time of a test.
      fatal: { settings: { backoff: { initial: '1h', max: '1h' } } },
      ages: { settings: { maxAttempts: 1_000, maxAge: '700ms' } },
    },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

test('a message that used up its attempts is dead-lettered with all that is known of it, and its key goes on', async () => {
  const { name, topic } = bench.route('goes-on');
  const history = new History();
  const sent = await bench.sender.sendAll(topic, [
    { key: 'a', value: 'poison', headers: [['trace', 'abc']], timestamp: 1_700_000_000_000 },
    { key: 'a', value: 'a1' },
    { key: 'a', value: 'a2' },
  ]);
  const [poison] = sent;
  await using deadLetters = await bench.read('goes-on', 'deadLetterTopic');
  await using _consumer = await bench.consume('goes-on', {
    history,
    behaviour: failFirst({ poison: Infinity }),
  });
  const letter = await deadLetters.one('dead letter');
  await history.allSucceeded(sent.slice(1));

  expect(history.of(poison!).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  for (const follower of sent.slice(1)) expect(history.of(follower)).toMatchObject([{ attempt: 1 }]);
  expect(history.firstSuccesses).toEqual(['a1', 'a2']);
  // It had been written before the next one was released.
  expect(letter.timestamp).toBeLessThanOrEqual(history.of(sent[1]!)[0]!.begunAt);
  expect(letter.timestamp).toBeGreaterThanOrEqual(history.of(poison!)[2]!.begunAt);

  expect([text(letter.key), text(letter.value), applicationHeaders(letter)]).toEqual([
    'a',
    'poison',
    [`trace=${Buffer.from('abc').toString('hex')}`],
  ]);
  const failedFirst = history.of(poison!)[0]!;
  expect(retryHeaders(letter)).toEqual({
    'x-retry-route': name,
    'x-retry-origin-topic': topic,
    'x-retry-origin-partition': '0',
    'x-retry-origin-offset': String(poison!.offset),
    'x-retry-origin-timestamp': '1700000000000',
    'x-retry-attempt': '3',
    'x-retry-reason': 'failed',
    'x-retry-error-class': 'Error',
    'x-retry-error-message': 'run 3 of poison fails',
    'x-retry-dead-letter-reason': 'exhausted',
    'x-retry-first-failed-at': expect.stringMatching(/^\d+$/),
    'x-retry-dead-lettered-at': expect.stringMatching(/^\d+$/),
  });
  const firstFailedAt = Number(header(letter, 'x-retry-first-failed-at'));
  expect(firstFailedAt).toBeGreaterThanOrEqual(failedFirst.begunAt);
  expect(firstFailedAt).toBeLessThan(history.of(poison!)[1]!.begunAt);
  expect(Number(header(letter, 'x-retry-dead-lettered-at'))).toBeGreaterThan(firstFailedAt);

  // Unlocked, and known to be: the next one is handled where it is first read.
  await bench.unlocked('goes-on');
  const next = await bench.sender.send(topic, { key: 'a', value: 'a3' });
  await history.allSucceeded([next]);
  expect(history.of(next)).toMatchObject([{ redelivered: false }]);
  expect(deadLetters.records).toHaveLength(1);
});

test('afterDeadLetter: hold parks the key until an operator gives the message one more attempt, or lets the key go on', async () => {
  const { topic } = bench.route('holds');
  const history = new History();
  const sent = await bench.sender.sendAll(topic, [
    { key: 'a', value: 'poison' },
    { key: 'a', value: 'a1' },
    { key: 'a', value: 'a2' },
    { key: 'b', value: 'poison of b' },
    { key: 'b', value: 'b1' },
  ]);
  const [poison, a1, a2, poisonOfB, b1] = sent as [
    KafkaRecord,
    KafkaRecord,
    KafkaRecord,
    KafkaRecord,
    KafkaRecord,
  ];
  await using deadLetters = await bench.read('holds', 'deadLetterTopic');
  await using _consumer = await bench.consume('holds', {
    history,
    behaviour: failFirst({ poison: Infinity, 'poison of b': 2 }),
  });
  await deadLetters.atLeast(2, 'dead letters');
  const parked = async (key: string): Promise<void> => bench.lockIs('holds', key, { state: 'parked' });
  await parked('a');
  await parked('b');
  expect(history.of(poison)).toHaveLength(2);

  const act = async (key: string, action: string): Promise<unknown> => {
    const path = `${bench.path('holds')}/locks/${key}/actions`;
    return (await bench.service.post(path, { action, reason: 'a test' })).status;
  };

  // The message has been mended: one more attempt, and the key goes on by itself.
  await expect(act('b', 'retry-now')).resolves.toBe(200);
  await history.allSucceeded([poisonOfB, b1]);
  expect(history.of(poisonOfB).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);

  // This one has not: the attempt it is given is its last, and it is parked again.
  await expect(act('a', 'retry-now')).resolves.toBe(200);
  await deadLetters.atLeast(2, 'dead letters of a', ({ key }) => text(key) === 'a');
  await parked('a');
  expect(history.of(poison).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  // All that was released for the other key meanwhile: parked, this one released nothing.
  expect([...history.of(a1), ...history.of(a2)]).toEqual([]);

  await expect(act('a', 'unpark')).resolves.toBe(200);
  await history.allSucceeded([a1, a2]);
  history.gaveUp(poison);
  expect(history.of(poison)).toHaveLength(3);
  expect(history.firstSuccesses.filter((value) => value?.startsWith('a'))).toEqual(['a1', 'a2']);
  await bench.unlocked('holds');
});

test('a failure that the handler calls fatal is dead-lettered at once, and so is a retry record that says so', async () => {
  const { topic, retryTopic } = bench.route('fatal');
  const history = new History();
  const sent = await bench.sender.sendAll(topic, [
    { key: 'a', value: 'broken' },
    { key: 'a', value: 'a1' },
  ]);
  await using deadLetters = await bench.read('fatal', 'deadLetterTopic');
  await using _consumer = await bench.consume('fatal', {
    history,
    behaviour: ({ value }) => {
      if (value === 'broken') throw new FatalError('cannot be parsed');
    },
  });
  await bench.sender.send(retryTopic, {
    key: 'c',
    value: 'broken elsewhere',
    headers: [
      ['x-retry-attempt', '1'],
      ['x-retry-fatal', 'true'],
      ['x-retry-error-class', 'com.example.Broken'],
    ],
  });
  const letters = await deadLetters.atLeast(2, 'dead letters');
  await history.allSucceeded(sent.slice(1));

  expect(history.of(sent[0]!)).toHaveLength(1);
  const facts = letters.map((letter) => [
    text(letter.value),
    ['dead-letter-reason', 'attempt', 'error-class'].map((name) => header(letter, `x-retry-${name}`)),
  ]);
  expect(Object.fromEntries(facts)).toEqual({
    broken: ['fatal', '1', 'FatalError'],
    'broken elsewhere': ['fatal', '1', 'com.example.Broken'],
  });
  expect(history.handlings.filter(({ value }) => value === 'broken elsewhere')).toEqual([]);
});

test('a message whose first failure is longer ago than maxAge is dead-lettered as expired, whatever attempts it has left', async () => {
  const { topic } = bench.route('ages');
  const history = new History();
  const sent = await bench.sender.sendAll(topic, [
    { key: 'a', value: 'old' },
    { key: 'a', value: 'a1' },
  ]);
  await using deadLetters = await bench.read('ages', 'deadLetterTopic');
  await using _consumer = await bench.consume('ages', { history, behaviour: failFirst({ old: Infinity }) });
  const letter = await deadLetters.one('dead letter');
  await history.allSucceeded(sent.slice(1));

  expect(header(letter, 'x-retry-dead-letter-reason')).toBe('expired');
  const [first] = history.of(sent[0]!);
  expect(letter.timestamp - first!.begunAt).toBeGreaterThanOrEqual(700);
  // It was tried meanwhile: it did not just lie there until it was too old.
  expect(history.of(sent[0]!).length).toBeGreaterThan(1);
  expect(header(letter, 'x-retry-attempt')).toBe(String(history.of(sent[0]!).length));
  // Its follower has no first failure of its own, and so no age.
  expect(history.of(sent[1]!)).toMatchObject([{ attempt: 1, outcome: 'succeeded' }]);
});

function retryHeaders(record: KafkaRecord): Record<string, string | undefined> {
  const names = record.headers.map(([name]) => name).filter((name) => name.startsWith('x-retry-'));
  return Object.fromEntries(names.map((name) => [name, header(record, name)]));
}
