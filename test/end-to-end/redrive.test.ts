import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { deadLetter } from '../support/dead-letters.ts';
import { failFirst, History } from '../support/history.ts';
import { applicationHeaders, header, isMessage, type KafkaRecord, text } from '../support/kafka-record.ts';
import { Redrives } from '../support/redrives.ts';
import { waitFor } from '../support/wait-for.ts';

type Name = 'limited' | 'fails' | 'holds' | 'edits' | 'foreign';

let bench: Bench<Name>;

beforeAll(async () => {
  bench = await Bench.open({
    replicas: 2,
    routes: {
      limited: { partitions: 2, settings: { ordering: 'none' } },
      fails: { settings: { maxAttempts: 2 } },
      holds: { settings: { maxAttempts: 2, afterDeadLetter: 'hold' } },
      edits: { settings: { deadLetters: { allowEdit: true } } },
      foreign: { partitions: 2, topicConfig: { retry: { 'max.message.bytes': '20000' } } },
    },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

const PER_SECOND = 300;

const ids = (records: readonly KafkaRecord[]): string[] =>
  records.flatMap((record) => header(record, 'x-retry-redrive') ?? []).sort();

test('it keeps to its limit, pauses, goes on, and takes nothing that failed after the click', async () => {
  const route = bench.route('limited');
  const letters = (from: number, count: number): ReturnType<typeof deadLetter>[] =>
    Array.from({ length: count }, (_, i) =>
      deadLetter(route, {
        key: null,
        value: String(from + i),
        origin: { partition: i % 2, offset: from + i },
      }),
    );
  const sent = await bench.sender.sendAll(route.deadLetterTopic, letters(0, 2_000));
  await using retried = await bench.read('limited', 'retryTopic');
  const redrives = Redrives.of(bench, 'limited');

  const counted = await redrives.done((await redrives.create({ all: true, dryRun: true })).id);
  expect(counted.progress).toMatchObject({ matched: 2_000, examined: 2_000, published: 0 });

  // Six seconds: enough to pause it under way on a machine that is busy.
  const { id } = await redrives.create({ all: true, maxPerSecond: PER_SECOND });
  // A second one finds that the first has them, or that they are not open any more.
  const late = await bench.sender.sendAll(route.deadLetterTopic, letters(2_000, 10));
  await bench.moved('redrive_jobs', 'limited');
  await redrives.until(id, 'begun', ({ progress }) => progress.published >= 100);
  await bench.moved('redriven_total', 'limited');
  await expect(redrives.steer(id, 'pause')).resolves.toMatchObject({ body: { outcome: 'done' } });
  await expect(redrives.steer(id, 'pause')).resolves.toMatchObject({ body: { outcome: 'unchanged' } });
  // What was under way is written down, and then nothing more comes.
  const paused = await waitFor('it to rest', async () => {
    const before = await redrives.get(id);
    const [running] = await bench.service.samples('redrive_jobs', { route: route.name });
    const [other] = await bench.services[1]!.samples('redrive_jobs', { route: route.name });
    return running?.value === 0 && other?.value === 0 && before;
  });
  expect(paused.state).toBe('paused');
  expect(paused.progress.published).toBeLessThan(2_000);
  await retried.atLeast(paused.progress.published, 'copy', isMessage);

  await redrives.steer(id, 'resume');
  const done = await redrives.done(id);
  expect(done.progress).toMatchObject({ published: 2_000, matched: 2_000, skipped: 0 });
  await retried.atLeast(2_000, 'copy', isMessage);
  expect(ids(retried.records)).toEqual(
    sent.map(({ partition, offset }) => `${id}/${partition}/${offset}`).sort(),
  );
  const times = retried.records
    .filter(isMessage)
    .map(({ timestamp }) => timestamp)
    .sort((x, y) => x - y);
  const since = times.slice(paused.progress.published);
  // What a busy machine held up may come at once: a tenth of a second's worth.
  const seconds = (since.at(-1)! - since[0]!) / 1_000;
  expect(since.length).toBeLessThan(1.02 * (PER_SECOND * seconds + PER_SECOND / 10) + 1);
  expect(await redrives.steer(id, 'cancel')).toMatchObject({ status: 409, body: { code: 'ENDED' } });

  // Those that came later are still open, and the others are not.
  const rest = await redrives.done((await redrives.create({ all: true, dryRun: true })).id);
  expect(rest.progress).toMatchObject({ matched: late.length, skipped: 2_000 });

  const slow = await redrives.create({ all: true, maxPerSecond: 1 });
  await redrives.until(slow.id, 'begun', ({ progress }) => progress.published >= 1);
  expect(await redrives.steer(slow.id, 'cancel')).toMatchObject({ status: 200 });
  const cancelled = await redrives.until(slow.id, 'over', ({ finishedAt }) => finishedAt !== null);
  expect(cancelled).toMatchObject({ state: 'cancelled' });
  expect(cancelled.progress.published).toBeLessThan(late.length);
});

test('what fails for good again is another dead letter, and is not taken by the redrive that brought it back', async () => {
  const { topic } = bench.route('fails');
  const history = new History();
  await using deadLetters = await bench.read('fails', 'deadLetterTopic');
  const sent = await bench.sender.sendAll(topic, [
    { key: 'a', value: 'poison', headers: [['trace', 'abc']] },
    { key: 'a', value: 'mended', headers: [['trace', 'def']] },
    { key: 'b', value: 'fine' },
  ]);
  await using _consumer = await bench.consume('fails', {
    history,
    behaviour: failFirst({ poison: Infinity, mended: 2 }),
  });
  const letters = await deadLetters.atLeast(2, 'dead letters', isMessage);
  const redrives = Redrives.of(bench, 'fails');
  const done = await redrives.done((await redrives.create({ filter: { reason: 'exhausted' } })).id);
  expect(done.progress).toMatchObject({ published: 2 });
  await history.allSucceeded(sent.slice(1));
  const again = await deadLetters.atLeast(3, 'dead letters', isMessage);
  expect(again.map(({ value }) => text(value))).toEqual(['poison', 'mended', 'poison']);
  const [first, , third] = again;
  expect(header(third!, 'x-retry-redrive')).toBe(`${done.id}/${first!.partition}/${first!.offset}`);
  expect(history.of(sent[0]!).map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2]);
  expect(applicationHeaders(third!)).toEqual(applicationHeaders(letters[0]!));
  // Two attempts each time, and in its order: the first of the key is tried again before the second.
  expect(history.of(sent[1]!).map(({ attempt }) => attempt)).toEqual([1, 2, 1]);

  const dry = await redrives.done((await redrives.create({ all: true, dryRun: true })).id);
  expect(dry.progress).toMatchObject({ matched: 1, skipped: 2 });
});

test('with afterDeadLetter: hold, a redrive gives the message another life in its place, and its key goes on', async () => {
  const { topic } = bench.route('holds');
  const history = new History();
  await using deadLetters = await bench.read('holds', 'deadLetterTopic');
  const sent = await bench.sender.sendAll(topic, [
    { key: 'a', value: 'poison' },
    { key: 'a', value: 'a1' },
  ]);
  await using _consumer = await bench.consume('holds', { history, behaviour: failFirst({ poison: 2 }) });
  const letter = await deadLetters.one('dead letter', isMessage);
  await bench.lockIs('holds', 'a', { state: 'parked' });
  const redrives = Redrives.of(bench, 'holds');
  const { partition, offset } = letter;
  const done = await redrives.done((await redrives.create({ positions: [{ partition, offset }] })).id);
  expect(done.progress).toMatchObject({ published: 1, total: 1 });
  await history.allSucceeded(sent);
  expect(history.firstSuccesses).toEqual(['poison', 'a1']);
  await bench.unlocked('holds');
});

test('an edited message goes out in the place of the original, which is superseded', async () => {
  const route = bench.route('edits');
  const [letter] = await bench.sender.sendAll(route.deadLetterTopic, [
    deadLetter(route, {
      ...{ key: 'a', value: '{"amount": -1}', origin: { partition: 0, offset: 3 } },
      headers: [['trace', 'abc']],
    }),
  ]);
  const { partition, offset } = letter!;
  await using retried = await bench.read('edits', 'retryTopic');
  const redrives = Redrives.of(bench, 'edits');
  const positions = [{ partition, offset }];
  const edit = {
    value: '{"amount": 1}',
    headers: [
      { name: 'trace', value: 'abc' },
      { name: 'by', value: 'me' },
    ],
  };
  const done = await redrives.done((await redrives.create({ positions, edit })).id);
  expect(done.progress).toMatchObject({ published: 1 });
  const copy = await retried.one('copy', isMessage);
  expect([text(copy.key), text(copy.value)]).toEqual(['a', '{"amount": 1}']);
  expect(applicationHeaders(copy)).toEqual([`trace=${hex('abc')}`, `by=${hex('me')}`]);
  expect(header(copy, 'x-retry-origin-offset')).toBe('3');
  // Never both.
  const both = await redrives.done((await redrives.create({ positions })).id);
  expect(both.progress).toMatchObject({ published: 0, skipped: 1 });
  expect(both.problems).toMatchObject([{ partition, offset }]);
});

test('what can not be published stays open, and the rest goes on; values are read where they were left', async () => {
  const route = bench.route('foreign');
  const { topic, deadLetterTopic } = route;
  const [left] = await bench.sender.sendAll(topic, [
    { key: 'left', value: 'at its origin', headers: [['trace', 'abc']], timestamp: 1_700_000_000_000 },
  ]);
  const shareGroup = (offset: number): (readonly [string, string])[] => [
    ['__dlq.errors.topic', topic],
    ['__dlq.errors.partition', '0'],
    ['__dlq.errors.offset', String(offset)],
    ['__dlq.errors.group', 'g'],
  ];
  const sent = await bench.sender.sendAll(deadLetterTopic, [
    { key: null, value: null, headers: shareGroup(left!.offset) },
    { key: null, value: null, headers: shareGroup(99) },
    deadLetter(route, {
      key: 'large',
      value: 'x'.repeat(30_000),
      origin: { partition: 1, offset: 1 },
      partition: 0,
    }),
    deadLetter(route, { key: 'small', value: 'x', origin: { partition: 1, offset: 2 }, partition: 0 }),
    { key: 'spring', value: 'v', headers: [['retry_topic-attempts', Buffer.from('00000007', 'hex')]] },
  ]);
  await using retried = await bench.read('foreign', 'retryTopic');
  const redrives = Redrives.of(bench, 'foreign');
  const positions = [...sent.map(({ partition, offset }) => ({ partition, offset }))];
  const done = await redrives.done((await redrives.create({ positions })).id);
  expect(done.progress).toMatchObject({ matched: 5, published: 3, undeliverable: 2, examined: 5 });
  const problems = Object.fromEntries(done.problems.map(({ offset, problem }) => [offset, problem]));
  expect(problems[sent[1]!.offset]).toMatch(/not there any more/);
  expect(problems[sent[2]!.offset]).toMatch(/too large for the retry topic/);

  const copies = await retried.atLeast(3, 'copies', isMessage);
  const byKey = new Map(copies.map((copy) => [text(copy.key), copy]));
  const whole = byKey.get('left')!;
  expect([text(whole.value), whole.partition, ...applicationHeaders(whole)]).toEqual([
    'at its origin',
    0,
    `trace=${hex('abc')}`,
  ]);
  expect(header(whole, 'x-retry-origin-timestamp')).toBe('1700000000000');
  expect(byKey.get('small')!.partition).toBe(1);
  expect(applicationHeaders(byKey.get('spring')!)).toEqual([]);
  const open = await redrives.done((await redrives.create({ all: true, dryRun: true })).id);
  expect(open.progress).toMatchObject({ matched: 2 });
});

function hex(words: string): string {
  return Buffer.from(words).toString('hex');
}
