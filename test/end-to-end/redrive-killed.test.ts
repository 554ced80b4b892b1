import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { deadLetter } from '../support/dead-letters.ts';
import { header, type KafkaRecord, text } from '../support/kafka-record.ts';
import { Redrives } from '../support/redrives.ts';

const LETTERS = 20_000;
const PARTITIONS = 4;
const KEYS = 500;

let bench: Bench<'many'>;

beforeAll(async () => {
  bench = await Bench.open({
    kafka: { sessionTimeout: '3s' },
    // Redelivered as fast as it goes: nobody handles anything here.
    routes: { many: { partitions: PARTITIONS, settings: { ordering: 'none' } } },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

test('a redrive of 20,000 dead letters, killed in the middle, publishes each once, keys in order, and each is redelivered', async () => {
  const route = bench.route('many');
  const letters = Array.from({ length: LETTERS }, (_, i) => {
    const key = i % KEYS;
    const origin = { partition: key % PARTITIONS, offset: i };
    return deadLetter(route, { key: `k${key}`, value: String(i), origin });
  });
  const sent = await bench.sender.sendAll(route.deadLetterTopic, letters);
  await using retried = await bench.read('many', 'retryTopic');
  await using redelivered = await bench.read('many', 'topic');
  const redrives = Redrives.of(bench, 'many');

  const { id } = await redrives.create({ all: true });
  await redrives.until(id, 'a third done', ({ progress }) => progress.published > LETTERS / 3);
  await bench.service.kill();
  // Else this would show nothing.
  expect(copies(retried.records).length).toBeLessThan(LETTERS);
  bench.service.spawn();
  const done = await redrives.done(id);
  expect(done).toMatchObject({
    ...{ error: null, problems: [] },
    progress: {
      ...{ examined: LETTERS, total: LETTERS, matched: LETTERS, published: LETTERS },
      ...{ skipped: 0, undeliverable: 0 },
    },
  });

  await retried.atLeast(LETTERS, 'copy', isCopy);
  await redelivered.atLeast(LETTERS, 'redelivered message');
  const found = copies(retried.records);
  const ids = sent.map(({ partition, offset }) => `${id}/${partition}/${offset}`);
  expect(found.map((copy) => header(copy, 'x-retry-redrive')).sort()).toEqual(ids.sort());
  expect(new Set(redelivered.records.map(({ value }) => text(value))).size).toBe(LETTERS);

  const last = new Map<string | null, number>();
  for (const { key, value } of found) {
    const before = last.get(text(key)) ?? -1;
    expect(Number(text(value))).toBeGreaterThan(before);
    last.set(text(key), Number(text(value)));
  }
});

function isCopy(record: KafkaRecord): boolean {
  return record.headers.some(([name]) => name === 'x-retry-redrive');
}

function copies(records: readonly KafkaRecord[]): KafkaRecord[] {
  return records.filter(isCopy);
}
