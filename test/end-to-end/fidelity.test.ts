import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import { applicationHeaders, header, type KafkaRecord, isMessage } from '../support/kafka-record.ts';
import type { RecordToSend } from '../support/sender.ts';
import type { TopicReader } from '../support/topic-reader.ts';

const messages: Record<string, RecordToSend> = {
  'application headers: bytes, order, repetitions, an empty one, none of ours': {
    key: 'headers',
    value: 'v',
    headers: [
      ['zebra', Buffer.from([0x00, 0xff, 0xfe])],
      ['apple', 'first'],
      ['zebra', 'second'],
      ['empty', ''],
      ['apple', 'first'],
      ['ключ', 'značka'],
      ['X-Retry-After', 'an application may call its own so'],
    ],
  },
  'where it is in a trace, though nobody traces here; a place that could not be read, and one that is there twice, too':
    {
      key: 'trace',
      value: 'v',
      headers: [
        ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
        ['tracestate', ' vendor=1 ,  other=2'],
        ['traceparent', Buffer.from([0x30, 0xff])],
      ],
    },
  'a value of all bytes': { key: 'bytes', value: Buffer.from(Array.from({ length: 256 }, (_, i) => i)) },
  'a value of 300 KiB': { key: 'large', value: Buffer.alloc(300 * 1024, 'x') },
  'a null value': { key: 'null value', value: null },
  'an empty value, which is no tombstone': { key: 'empty value', value: '' },
  'a key that is not UTF-8': { key: Buffer.from([0xff, 0x00, 0xc3, 0x28]), value: 'v' },
  'a key that begins like another one in base64': { key: '/wDDKA==', value: 'v' },
  'an empty key': { key: '', value: 'v' },
  'a null key': { key: null, value: 'v' },
  'neither key nor value nor headers': { key: null, value: null },
};

const PARTITIONS = 3;
const PARTITION = 1;
const names = Object.keys(messages);

/**
 * All of them fail twice, and that is all they may: each lies in the retry topic, comes back to the main topic and ends
 * in the dead-letter topic.
 */
describe('on its way through the retry topic, the main topic and the dead-letter topic, nothing is changed of', () => {
  let bench: Bench<'bytes'>;
  const readers: TopicReader[] = [];
  const ways: Partial<Record<string, Record<'sent' | 'retry' | 'redelivered' | 'dead', KafkaRecord>>> = {};

  beforeAll(async () => {
    const backoff = { initial: '50ms', multiplier: 1, jitter: 0 };
    bench = await Bench.open({
      routes: { bytes: { partitions: PARTITIONS, settings: { maxAttempts: 2, backoff } } },
    });
    const sent = await bench.sender.sendAll(
      bench.route('bytes').topic,
      Object.values(messages).map((message, i) => ({
        ...message,
        ...{ partition: PARTITION, timestamp: 1_600_000_000_000 + i },
      })),
    );
    await using _consumer = await bench.consume('bytes', {
      history: new History(),
      behaviour: () => {
        throw new Error('always');
      },
    });
    for (const topic of ['retryTopic', 'topic', 'deadLetterTopic'] as const) {
      readers.push(await bench.read('bytes', topic));
    }
    const [retry, main, dead] = readers as [TopicReader, TopicReader, TopicReader];
    await dead.atLeast(names.length, 'dead letters');
    for (const [i, name] of names.entries()) {
      const ofMessage = (record: KafkaRecord): boolean =>
        header(record, 'x-retry-origin-offset') === String(sent[i]!.offset);
      ways[name] = {
        sent: sent[i]!,
        retry: retry.records.find(ofMessage)!,
        redelivered: main.records.find(ofMessage)!,
        dead: dead.records.find(ofMessage)!,
      };
    }
  });

  afterAll(async () => {
    for (const reader of readers) await reader[Symbol.asyncDispose]();
    await bench[Symbol.asyncDispose]();
  });

  test.each(names)('%s', (name) => {
    const { sent, retry, redelivered, dead } = ways[name]!;
    const content = (record: KafkaRecord): unknown => ({
      key: hex(record.key),
      value: hex(record.value),
      headers: applicationHeaders(record),
    });
    const wanted = content(sent);
    expect([content(retry), content(redelivered), content(dead)]).toEqual([wanted, wanted, wanted]);

    for (const record of [retry, redelivered, dead]) {
      expect(header(record, 'x-retry-origin-timestamp')).toBe(String(sent.timestamp));
      expect(header(record, 'x-retry-origin-partition')).toBe(String(PARTITION));
    }
    // Partition by number, whatever the key hashes to.
    expect([retry.partition, redelivered.partition]).toEqual([PARTITION, PARTITION]);
  });
});

test('a record that the retry topic does not take with its headers comes back with its value all the same', async () => {
  await using bench = await Bench.open({
    routes: { large: { topicConfig: { retry: { 'max.message.bytes': '100000' } } } },
  });
  const { topic } = bench.route('large');
  const history = new History();
  const value = randomBytes(150_000);
  const sent = await bench.sender.sendAll(topic, [
    { key: 'a', value, headers: [['trace', 'abc']] },
    { key: 'a', value: 'behind it' },
  ]);
  await using retries = await bench.read('large', 'retryTopic');
  await using _consumer = await bench.consume('large', {
    history,
    behaviour: ({ run, value }) => {
      if (run === 1 && value !== 'behind it') throw new Error('the first time');
    },
  });
  await history.allSucceeded(sent);

  const [retried] = await retries.atLeast(2, 'retry record', isMessage);
  expect([retried!.value, header(retried!, 'x-retry-value')]).toEqual([null, 'origin']);
  const [, second] = history.of(sent[0]!);
  expect(second!.record.value!.equals(value)).toBe(true);
  expect(history.violations(sent)).toEqual([]);
});

function hex(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('hex');
}
