import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { History } from '../support/history.ts';
import { header, type KafkaRecord } from '../support/kafka-record.ts';
import { removeRecords } from '../support/topics.ts';

const MIB = 1024 * 1024;

let bench: Bench<'large' | 'lost'>;

beforeAll(async () => {
  const bytes = (mib: number): Record<string, string> => ({ 'max.message.bytes': String(mib * MIB) });
  bench = await Bench.open({
    routes: {
      large: { topicConfig: { main: bytes(11), retry: bytes(12), deadLetter: bytes(12) } },
      lost: { settings: { backoff: { initial: '1h', max: '1h' }, payload: { inlineUpTo: '1KiB' } } },
    },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

test('a message of 10 MiB comes back byte for byte, and those behind it keep their places', async () => {
  const { topic } = bench.route('large');
  const history = new History();
  const value = randomBytes(10 * MIB);
  await using _consumer = await bench.consume('large', {
    history,
    behaviour: ({ record, run }) => {
      if (run <= 2 && record.value?.length === value.length) throw new Error(`run ${run} fails`);
    },
  });
  const sent = await bench.sender.sendAll(topic, [
    { key: 'a', value, headers: [['trace', 'abc']] },
    { key: 'a', value: 'behind it' },
  ]);
  await history.allSucceeded(sent);

  const runs = history.of(sent[0]!);
  expect(runs).toHaveLength(3);
  expect(runs.map(({ record }) => record.value!.equals(value))).toEqual([true, true, true]);
  expect(history.violations(sent)).toEqual([]);
  await bench.unlocked('large');
});

test('what Kafka has removed before its time is dead-lettered with what is known of it, or read where it came from', async () => {
  const { name, topic, retryTopic } = bench.route('lost');
  const history = new History();
  const large = (): Buffer => randomBytes(2_048);
  await using deadLetters = await bench.read('lost', 'deadLetterTopic');
  await using _consumer = await bench.consume('lost', {
    history,
    behaviour: ({ run, key, value }) => {
      if (run === 1 && value !== 'behind it') throw new Error(`the first run of ${key} fails`);
    },
  });
  const [gone, behind, there] = (await bench.sender.sendAll(topic, [
    { key: 'gone', value: large() },
    { key: 'gone', value: 'behind it' },
    { key: 'there', value: large() },
  ])) as [KafkaRecord, KafkaRecord, KafkaRecord];
  await bench.lockIs('lost', 'gone', { held: 2, attempt: 1, state: 'waiting' });
  await bench.lockIs('lost', 'there', { held: 1, attempt: 1, state: 'waiting' });
  // All of the retry topic, and of the main topic the first message alone.
  await removeRecords(retryTopic, 0, 3);
  await removeRecords(topic, 0, gone.offset + 1);
  for (const key of ['gone', 'there']) {
    const actions = `${bench.path('lost')}/locks/${key}/actions`;
    const { body } = await bench.service.post(actions, { action: 'retry-now', reason: 'a test' });
    expect(body).toMatchObject({ outcome: 'done' });
  }
  await history.allSucceeded([behind, there]);
  await bench.unlocked('lost');

  const letter = await deadLetters.one('dead letter');
  expect([letter.key?.toString(), letter.value]).toEqual(['gone', null]);
  const known = ['dead-letter-reason', 'origin-offset', 'attempt', 'error-class', 'error-message'];
  expect(known.map((each) => header(letter, `x-retry-${each}`))).toEqual([
    ...['expired', String(gone.offset), '1', 'Error', 'the first run of gone fails'],
  ]);
  expect(history.of(gone)).toHaveLength(1);
  expect(history.of(there)[1]!.record.value!.equals(there.value!)).toBe(true);
  await bench.moved('payloads_lost_total', 'lost');
  expect(await bench.service.metric('payloads_lost_total', { route: name })).toBe(1);
  expect(await bench.service.logged('value_gone')).toHaveLength(1);
});
