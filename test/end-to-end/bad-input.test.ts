import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import { header, type KafkaRecord, text } from '../support/kafka-record.ts';
import type { GatedConsumer } from '../support/gated-consumer.ts';
import type { RecordToSend } from '../support/sender.ts';
import type { TopicReader } from '../support/topic-reader.ts';
import { waitFor } from '../support/wait-for.ts';

const KIB = 1024;
const PARTITION = 1;

let bench: Bench<'bad' | 'forbidden'>;
let history: History;
let consumer: GatedConsumer;
let main: TopicReader;
let deadLetters: TopicReader;
let count = 0;

beforeAll(async () => {
  history = new History();
  bench = await Bench.open({
    routes: {
      bad: {
        partitions: 2,
        topicConfig: {
          main: { 'max.message.bytes': String(100 * KIB) },
          retry: { 'max.message.bytes': String(600 * KIB) },
          deadLetter: { 'max.message.bytes': String(500 * KIB) },
        },
      },
      // What is written there always comes too late.
      forbidden: {
        topicConfig: { main: { 'message.timestamp.before.max.ms': '0' } },
        settings: { undeliverable: { attempts: 2 } },
      },
    },
  });
  consumer = await bench.consume('bad', { history, behaviour: () => undefined });
  main = await bench.read('bad', 'topic');
  deadLetters = await bench.read('bad', 'deadLetterTopic');
});

afterAll(async () => {
  await main[Symbol.asyncDispose]();
  await deadLetters[Symbol.asyncDispose]();
  await consumer[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

/** Writes it to the retry topic, and then shows that what comes behind it in the same partition gets through. */
async function retry(record: RecordToSend): Promise<KafkaRecord> {
  const { retryTopic } = bench.route('bad');
  const bad = await bench.sender.send(retryTopic, { partition: PARTITION, ...record });
  const value = `good ${(count += 1)}`;
  await bench.sender.send(retryTopic, {
    partition: PARTITION,
    key: value,
    value,
    headers: [['x-retry-attempt', '1']],
  });
  await main.one(value, (each) => text(each.value) === value);
  return bad;
}

/** Its copy in the main topic, once the handler has had it. */
async function redelivered(bad: KafkaRecord): Promise<KafkaRecord> {
  const copy = await main.one('redelivery', (record) => isCopy(record, bad));
  await history.allSucceeded([{ ...copy, partition: originOf(copy)[0]!, offset: originOf(copy)[1]! }]);
  return copy;
}

function isCopy(copy: KafkaRecord, { key, value }: KafkaRecord): boolean {
  const same = (a: Buffer | null, b: Buffer | null): boolean =>
    a === null ? b === null : b?.equals(a) === true;
  return same(copy.key, key) && same(copy.value, value);
}

function originOf(record: KafkaRecord): number[] {
  return ['x-retry-origin-partition', 'x-retry-origin-offset'].map((name) => Number(header(record, name)));
}

function origin(headers: Readonly<Record<string, string>>): [string, string][] {
  const { topic } = bench.route('bad');
  const all = {
    'x-retry-origin-topic': topic,
    'x-retry-origin-partition': String(PARTITION),
    'x-retry-origin-offset': '0',
    'x-retry-attempt': '1',
    ...headers,
  };
  return Object.entries(all);
}

describe('a retry record', () => {
  test('without any headers is a first failure, and its place in the retry topic its origin', async () => {
    const bad = await retry({ key: 'no headers', value: 'v' });
    const copy = await redelivered(bad);

    expect(copy.partition).toBe(PARTITION);
    expect(header(copy, 'x-retry-attempt')).toBe('2');
    expect(header(copy, 'x-retry-origin-topic')).toBe(bench.route('bad').retryTopic);
    expect(originOf(copy)).toEqual([PARTITION, bad.offset]);
  });

  test.each([
    ['an origin offset that is no number', { 'x-retry-origin-offset': 'abc' }],
    ['a negative origin offset', { 'x-retry-origin-offset': '-1' }],
    ['an origin offset beyond all numbers', { 'x-retry-origin-offset': '99999999999999999999' }],
    ['an origin partition that is no number', { 'x-retry-origin-partition': '1.5' }],
    ['an attempt that is no number', { 'x-retry-attempt': 'many' }],
    ['an origin topic without a name', { 'x-retry-origin-topic': '' }],
  ])('with %s is dead-lettered as malformed', async (name, headers) => {
    const bad = await retry({ key: name, value: name, headers: [['trace', 'kept'], ...origin(headers)] });
    const letter = await deadLetters.one('dead letter', (record) => isCopy(record, bad));

    expect(header(letter, 'x-retry-dead-letter-reason')).toBe('malformed');
    expect(header(letter, 'x-retry-error-message')).toContain(Object.keys(headers)[0]);
    expect(header(letter, 'trace')).toBe('kept');
    expect(main.records.filter((record) => isCopy(record, bad))).toEqual([]);
  });

  test('with headers of bytes that are no text is dead-lettered as malformed', async () => {
    const headers = [...origin({}), ['x-retry-origin-offset', Buffer.from([0xff, 0xfe, 0x00])]] as const;
    const bad = await retry({ key: 'no text', value: 'no text', headers });
    const letter = await deadLetters.one('dead letter', (record) => isCopy(record, bad));
    expect(header(letter, 'x-retry-dead-letter-reason')).toBe('malformed');
  });

  test('of a partition that does not exist comes back to the partition that it was found in', async () => {
    const bad = await retry({
      ...{ key: 'elsewhere', value: 'v' },
      headers: origin({ 'x-retry-origin-partition': '999', 'x-retry-origin-offset': '7' }),
    });
    const copy = await redelivered(bad);

    expect(copy.partition).toBe(PARTITION);
    expect(originOf(copy)).toEqual([999, 7]);
  });

  test('of another topic comes back to the main topic of the route', async () => {
    const headers = origin({ 'x-retry-origin-topic': 'no-such-topic', 'x-retry-origin-offset': '8' });
    const copy = await redelivered(await retry({ key: 'other topic', value: 'v', headers }));
    expect([copy.partition, header(copy, 'x-retry-origin-topic')]).toEqual([PARTITION, 'no-such-topic']);
  });

  test('that is too large for the main topic is dead-lettered as undeliverable', async () => {
    const bad = await retry({ key: 'large', value: Buffer.alloc(300 * KIB, 'l'), headers: origin({}) });
    const letter = await deadLetters.one('dead letter', (record) => isCopy(record, bad));
    expect(header(letter, 'x-retry-dead-letter-reason')).toBe('undeliverable');
  });

  test('that is too large even for the dead-letter topic leaves its value behind, and says where', async () => {
    const bad = await retry({
      ...{ key: 'larger', value: Buffer.alloc(550 * KIB, 'l') },
      headers: origin({ 'x-retry-origin-offset': '1' }),
    });
    const letter = await deadLetters.one('dead letter', ({ key }) => text(key) === 'larger');
    expect(letter.value).toBeNull();
    expect(header(letter, 'x-retry-dead-letter-reason')).toBe('undeliverable');
    expect(header(letter, 'x-retry-value')).toBe('origin');
    const { retryTopic } = bench.route('bad');
    expect(header(letter, 'x-retry-kept-at')).toBe(`${retryTopic}/${PARTITION}@${bad.offset}`);
  });

  test('that is too large even for the dead-letter topic is kept, with its key, until an operator lets it go', async () => {
    await bench.lockIs('bad', 'larger', { state: 'parked', held: 1 });
    const path = `${bench.path('bad')}/locks/larger`;
    const { body } = await bench.service.get(path);
    expect(body).toMatchObject({ entries: [{ state: 'dead-lettered', kept: true }] });
    const explained = await bench.service.get(`${bench.path('bad')}/keys/larger`);
    expect((explained.body as { sentences: string[] }).sentences.join(' ')).toContain('too large even for');

    const unpark = { action: 'unpark', reason: 'dealt with' };
    await expect(bench.service.post(`${path}/actions`, unpark)).resolves.toMatchObject({ status: 200 });
    await waitFor('the key to be free', async () => (await bench.lock('bad', 'larger')) === undefined);
  });

  test('that Kafka refuses for its own sake is undeliverable after so many attempts', async () => {
    const { retryTopic } = bench.route('forbidden');
    await using letters = await bench.read('forbidden', 'deadLetterTopic');
    await bench.sender.send(retryTopic, { partition: 0, key: 'forbidden', value: 'v', headers: [] });
    const letter = await letters.one('dead letter', ({ key }) => text(key) === 'forbidden');

    expect(header(letter, 'x-retry-dead-letter-reason')).toBe('undeliverable');
    expect(text(letter.value)).toBe('v');
    await bench.unlocked('forbidden');
    await bench.moved('publishes_refused_total', 'forbidden', { to: 'redelivery' });
    const refused = { route: bench.route('forbidden').name, to: 'redelivery' };
    await expect(bench.service.metric('publishes_refused_total', refused)).resolves.toBe(2);
  });

  test('that is too large takes none of those along that are due at the same moment', async () => {
    const { retryTopic } = bench.route('bad');
    const names = Array.from({ length: 300 }, (_, i) => `beside ${i}`);
    const dueAt = String(Date.now() + 1_000);
    // 300 KiB in the middle, and 600 KiB around it, for a topic that takes 100 KiB at once.
    const records = names.map((name) => ({ key: name, value: name.padEnd(2 * KIB), headers: [] }));
    records.splice(150, 0, { key: 'in their middle', value: 'x'.repeat(300 * KIB), headers: [] });
    await bench.sender.sendAll(
      retryTopic,
      records.map((record) => ({
        ...record,
        partition: PARTITION,
        headers: [['x-retry-not-before', dueAt]],
      })),
    );
    const beside = ({ key }: KafkaRecord): boolean => text(key)?.startsWith('beside') === true;
    const large = await deadLetters.one('dead letter', ({ key }) => text(key) === 'in their middle');
    expect(header(large, 'x-retry-dead-letter-reason')).toBe('undeliverable');
    await main.atLeast(names.length, 'redelivery', beside);
    expect(deadLetters.records.filter(beside)).toEqual([]);
  });

  test('that is too large even for the dead-letter topic takes no value of others along', async () => {
    const { retryTopic } = bench.route('bad');
    const dueAt = String(Date.now() + 1_000);
    const dead = [['x-retry-fatal', 'true'], ['x-retry-not-before', dueAt]] as const; // prettier-ignore
    const names = Array.from({ length: 20 }, (_, i) => `dead ${i}`);
    const records = names.map((name) => ({ key: name, value: name }));
    records.splice(10, 0, { key: 'largest', value: 'x'.repeat(550 * KIB) });
    await bench.sender.sendAll(
      retryTopic,
      records.map((record) => ({ ...record, partition: PARTITION, headers: dead })),
    );
    const largest = await deadLetters.one('dead letter', ({ key }) => text(key) === 'largest');
    const letters = await deadLetters.atLeast(20, 'dead letter', ({ key }) =>
      names.includes(text(key) ?? ''),
    );

    expect(largest.value).toBeNull();
    expect(letters.map(({ value }) => text(value)).sort()).toEqual(names.sort());
    await bench.lockIs('bad', 'largest', { state: 'parked' });
    const discard = { action: 'discard-head', reason: 'dealt with' };
    await bench.service.post(`${bench.path('bad')}/locks/largest/actions`, discard);
  });

  test.each<[string, RecordToSend]>([
    ['a null key', { key: null, value: 'without a key' }],
    ['an empty key', { key: '', value: 'with an empty key' }],
    ['a key that is not UTF-8', { key: Buffer.from([0xc3, 0x28, 0xff]), value: 'v' }],
    ['a null value', { key: 'null value', value: null }],
    ['an empty value', { key: 'empty value', value: '' }],
    ['a key of 20 KiB', { key: 'k'.repeat(20 * KIB), value: 'v' }],
  ])('with %s comes back as it was', async (name, record) => {
    const bad = await retry({ ...record, headers: [['trace', name]] });
    const copy = await redelivered(bad);

    expect(isCopy(copy, bad)).toBe(true);
    expect(header(copy, 'trace')).toBe(name);
  });
});

test('after all of that no key is locked, and the service still says that it is well', async () => {
  await bench.unlocked('bad');
  await expect(bench.service.status('/readyz')).resolves.toBe(200);
  for (const view of ['hot-keys', 'hot-keys?by=failures', 'partitions'])
    await expect(bench.service.status(`${bench.path('bad')}/${view}`)).resolves.toBe(200);
});
