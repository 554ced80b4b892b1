import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RetryLaterError } from '../../src/gate/index.ts';
import { Bench } from '../support/bench.ts';
import { failFirst, History } from '../support/history.ts';
import { header, type KafkaRecord, text } from '../support/kafka-record.ts';
import type { TopicReader } from '../support/topic-reader.ts';

const BACKOFF = 300;
const SCHEDULE = [100, 1_200] as const;

let bench: Bench<'exponential' | 'schedule'>;

beforeAll(async () => {
  bench = await Bench.open({
    routes: {
      exponential: { settings: { backoff: { initial: `${BACKOFF}ms`, jitter: 0 } } },
      schedule: { settings: { backoff: { schedule: SCHEDULE.map((ms) => `${ms}ms`), jitter: 0 } } },
    },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

test('a backoff given as a schedule takes its delays one after another, and repeats the last', async () => {
  const { topic } = bench.route('schedule');
  const history = new History();
  await using main = await bench.read('schedule', 'topic');
  await using _consumer = await bench.consume('schedule', { history, behaviour: failFirst({ m: 3 }) });
  const sent = await bench.sender.send(topic, { key: 'a', value: 'm' });
  await history.allSucceeded([sent]);

  const redeliveries = await redeliveriesOf(main, 'm', 3);
  const waited = redeliveries.map(({ timestamp }, i) => timestamp - history.of(sent)[i]!.endedAt!);
  expect(waited[0]).toBeGreaterThanOrEqual(SCHEDULE[0]);
  expect(waited[1]).toBeGreaterThanOrEqual(SCHEDULE[1]);
  expect(waited[2]).toBeGreaterThanOrEqual(SCHEDULE[1]);
});

test('of the backoff and what a producer of retry records asks for, the latest time wins', async () => {
  const { retryTopic } = bench.route('exponential');
  await using main = await bench.read('exponential', 'topic');
  await using _consumer = await bench.consume('exponential', {
    history: new History(),
    behaviour: () => undefined,
  });
  // All of them are in the box before the first is due, however busy the machine is.
  const begun = Date.now() + 3_000;
  const cases: Record<string, { headers: Record<string, number>; notBefore: number }> = {
    'nothing asked': { headers: {}, notBefore: begun + BACKOFF },
    'a time after the backoff': { headers: { 'not-before': begun + 1_500 }, notBefore: begun + 1_500 },
    'a time in the past': { headers: { 'not-before': 1 }, notBefore: begun + BACKOFF },
    'a longer delay': { headers: { 'delay-ms': 1_100 }, notBefore: begun + 1_100 },
    'a shorter delay': { headers: { 'delay-ms': 1 }, notBefore: begun + BACKOFF },
    'the time later than the delay': {
      headers: { 'not-before': begun + 1_800, 'delay-ms': 500 },
      notBefore: begun + 1_800,
    },
    'the delay later than the time': {
      headers: { 'not-before': begun + 500, 'delay-ms': 1_700 },
      notBefore: begun + 1_700,
    },
    // They are not handler attempts: a follower has no backoff.
    'a follower that asks for a delay': { headers: { attempt: 0, 'delay-ms': 900 }, notBefore: begun + 900 },
  };
  const names = Object.keys(cases);
  await bench.sender.sendAll(
    retryTopic,
    Object.entries(cases).map(([name, { headers }]) => ({
      ...{ key: name, value: name, timestamp: begun },
      headers: Object.entries(headers).map(
        ([header, value]) => [`x-retry-${header}`, String(value)] as const,
      ),
    })),
  );
  await main.atLeast(names.length, 'redeliveries');

  // Earlier is a broken promise; how late it may be is not for this test to say, but the order of times shows.
  const early = main.records.map(({ value, timestamp }) => {
    const name = text(value)!;
    return [name, Math.min(0, timestamp - cases[name]!.notBefore)] as const;
  });
  expect(early.sort(([a], [b]) => names.indexOf(a) - names.indexOf(b))).toEqual(
    names.map((name) => [name, 0]),
  );
  const byTime = Object.entries(cases).sort(([, a], [, b]) => a.notBefore - b.notBefore);
  const arrived = main.records.map(({ value }) => cases[text(value)!]!.notBefore);
  expect(arrived).toEqual(byTime.map(([, { notBefore }]) => notBefore));
});

test('a handler that says when to try again is not asked before, at its first failure and at later ones', async () => {
  const { topic } = bench.route('exponential');
  const history = new History();
  await using main = await bench.read('exponential', 'topic');
  await using _consumer = await bench.consume('exponential', {
    history,
    behaviour: ({ value, run }) => {
      if (value === 'patient' && run <= 2) throw new RetryLaterError(run === 1 ? 1_000 : 1_300);
      if (value === 'hasty' && run === 1) throw new RetryLaterError(1);
    },
  });
  const sent = await bench.sender.sendAll(topic, [
    { key: 'patient', value: 'patient' },
    { key: 'hasty', value: 'hasty' },
  ]);
  await history.allSucceeded(sent);

  const waited = async (message: KafkaRecord, count: number): Promise<number[]> => {
    const redeliveries = await redeliveriesOf(main, text(message.value)!, count);
    return redeliveries.map(({ timestamp }, i) => timestamp - history.of(message)[i]!.endedAt!);
  };
  const patient = await waited(sent[0]!, 2);
  expect(patient[0]).toBeGreaterThanOrEqual(1_000);
  expect(patient[1]).toBeGreaterThanOrEqual(1_300);
  // It may ask for longer, not for less than the route's own backoff.
  const hasty = await waited(sent[1]!, 1);
  expect(hasty[0]).toBeGreaterThanOrEqual(BACKOFF);
});

/** Exactly so many, in the order in which they reached the main topic. */
async function redeliveriesOf(main: TopicReader, value: string, count: number): Promise<KafkaRecord[]> {
  const found = await main.atLeast(
    count,
    `redelivery of ${value}`,
    (record) => text(record.value) === value && header(record, 'x-retry-delivery') !== undefined,
  );
  expect(found).toHaveLength(count);
  return found;
}
