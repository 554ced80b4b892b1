import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { failFirst, History } from '../support/history.ts';
import { header, type KafkaRecord, text } from '../support/kafka-record.ts';
import { commitByHand, deleteGroup, removeRecords } from '../support/topics.ts';
import { waitFor } from '../support/wait-for.ts';

type Name = 'back' | 'forward' | 'gone' | 'retained';
let bench: Bench<Name>;

beforeAll(async () => {
  const settings = { backoff: { initial: '2s', multiplier: 1, jitter: 0 } };
  bench = await Bench.open({
    routes: { back: {}, forward: { settings }, gone: { settings }, retained: { settings } },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

function values(...list: readonly string[]): { key: string; value: string }[] {
  return list.map((value) => ({ key: value[0]!, value }));
}

/** The group's offset in the only partition, by hand; nobody is in the group. */
async function moveTo(name: Name, offset: number): Promise<void> {
  const { topic, group } = bench.route(name);
  await commitByHand(group, [{ topic, partition: 0, offset }]);
}

test('a group that is set back sees its messages again, in order, also those that had been retried', async () => {
  const { topic } = bench.route('back');
  const sent = await bench.sender.sendAll(topic, values('a0', 'a1', 'b0', 'a2'));
  const before = new History();
  {
    await using _consumer = await bench.consume('back', { history: before, behaviour: failFirst({ a0: 2 }) });
    await before.allSucceeded(sent);
    await bench.unlocked('back');
  }
  await waitFor('the service to see what is committed, and to forget its keys', async () => {
    const { body } = await bench.service.post(`${bench.path('back')}/partitions/0/claims`, {
      consumerId: 'who looks',
    });
    return (body as { lockedKeys: unknown[] }).lockedKeys.length === 0;
  });
  await moveTo('back', 0);
  await bench.moved('consumer_lag_messages', 'back');
  const after = new History();
  await using consumer = await bench.consume('back', { history: after, behaviour: failFirst({ a1: 1 }) });
  await after.allSucceeded(sent);

  expect(after.violations(sent)).toEqual([]);
  expect(after.firstSuccesses.filter((value) => value!.startsWith('a'))).toEqual(['a0', 'a1', 'a2']);
  expect(consumer.events.filter(({ type }) => type === 'claimed')).toMatchObject([{ listedKeys: 0 }]);
  await bench.unlocked('back');
});

test('a group that is set forward skips what it did not read, and nothing that waits for its retry', async () => {
  const { topic } = bench.route('forward');
  const history = new History();
  const sent = await bench.sender.sendAll(topic, values('a0', 'a1'));
  {
    await using _consumer = await bench.consume('forward', { history, behaviour: failFirst({ a0: 1 }) });
    await bench.lockIs('forward', 'a', { held: 2, attempt: 1, state: 'waiting' });
  }
  const skipped = await bench.sender.sendAll(topic, values('a2', 'b0'));
  await moveTo('forward', skipped[1]!.offset + 1);
  await using _consumer = await bench.consume('forward', { history, behaviour: failFirst({ a0: 1 }) });
  const next = await bench.sender.send(topic, values('a3')[0]!);
  await history.allSucceeded([...sent, next]);

  expect(history.violations([...sent, next])).toEqual([]);
  expect(skipped.flatMap((message) => history.of(message))).toEqual([]);
  await expect(
    bench.service.metric('zombies_reaped_total', { route: bench.route('forward').name }),
  ).resolves.toBe(0);
  await bench.unlocked('forward');
});

test('a group that is deleted while its messages wait loses none of them, and reads in order from the beginning', async () => {
  const { topic, group } = bench.route('gone');
  const history = new History();
  const sent = await bench.sender.sendAll(topic, values('a0', 'a1', 'b0'));
  {
    await using _consumer = await bench.consume('gone', { history, behaviour: failFirst({ a0: 2 }) });
    await bench.lockIs('gone', 'a', { held: 2, attempt: 1, state: 'waiting' });
  }
  await deleteGroup(group);
  // The lock stays, whatever is or is not committed.
  await expect(bench.lock('gone', 'a')).resolves.toMatchObject({ held: 2 });
  await using _consumer = await bench.consume('gone', { history, behaviour: failFirst({ a0: 2 }) });
  await history.allSucceeded(sent);

  expect(history.violations(sent)).toEqual([]);
  expect(history.repeated).toEqual([]);
  expect(history.of(sent[0]!).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  await bench.unlocked('gone');
});

test('a redelivered copy that retention removed before it was read is delivered again', async () => {
  const { topic, name } = bench.route('retained');
  const history = new History();
  const [a0] = (await bench.sender.sendAll(topic, values('a0', 'a1'))) as [KafkaRecord, KafkaRecord];
  {
    await using _consumer = await bench.consume('retained', { history, behaviour: failFirst({ a0: 1 }) });
    await bench.lockIs('retained', 'a', { held: 2, attempt: 1, state: 'waiting' });
  }
  await using main = await bench.read('retained', 'topic');
  const copies = (): KafkaRecord[] =>
    main.records.filter((record) => header(record, 'x-retry-delivery') !== undefined);
  const copy = await main.one('the copy', (record) => header(record, 'x-retry-delivery') !== undefined);
  await waitFor('the service to know where it lies', async () => {
    const { body } = await bench.service.get(`${bench.path('retained')}/locks/a`);
    return (
      (body as { entries: { deliveredOffset: number | null }[] }).entries[0]?.deliveredOffset === copy.offset
    );
  });
  await removeRecords(topic, 0, copy.offset + 1);
  await waitFor('another copy', () => copies().length > 1, { state: () => bench.service.tail() });
  await using _consumer = await bench.consume('retained', { history, behaviour: failFirst({ a0: 1 }) });
  await waitFor('both to be handled', () => history.handlings.length === 3, {
    state: () => history.handlings,
  });

  expect(history.handlings.map(({ value, attempt }) => `${value} ${attempt}`)).toEqual([
    'a0 1',
    'a0 2',
    'a1 1',
  ]);
  expect(text(copy.value)).toBe('a0');
  expect(new Set(copies().map((each) => header(each, 'x-retry-delivery'))).size).toBe(copies().length);
  expect(history.of(a0)).toHaveLength(2);
  await bench.unlocked('retained');
  await expect(bench.service.metric('dead_letters_total', { route: name })).resolves.toBe(0);
});
