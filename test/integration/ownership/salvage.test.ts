import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isJournal, readJournal } from '../../../src/domain/journal-record.ts';
import type { KafkaRecord } from '../../../src/domain/record.ts';
import { readArrival } from '../../../src/ingest/read-arrival.ts';
import type { OutgoingRecord } from '../../../src/kafka/send.ts';
import { salvage, type Salvaged } from '../../../src/ownership/salvage.ts';
import { BACKOFF, BoxBench, type BoxShard, fresh, is, originOf } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

const HOME = { topic: 'main', partition: 3 };
const RETRY: { retry: boolean; main: boolean } = { retry: true, main: false };

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

/** The retry topic is made anew: all that Redis holds goes there, and the box is rebuilt from it. */
async function makeAnew(
  box: BoxShard,
  { originTopic = HOME.topic, times = 1 } = {},
): Promise<{ salvaged: Salvaged; records: OutgoingRecord[] }> {
  await box.takeOver();
  is(await box.owner.freeze(RETRY));
  const records: OutgoingRecord[] = [];
  let salvaged: Salvaged = { messages: 0, announced: 0 };
  for (let i = 0; i < times; i++) {
    salvaged = await salvage({
      box: box.owner,
      send: (_place, record, settle) => {
        settle({ kind: 'written', offset: records.push(record()) - 1 });
      },
      ...{ route: box.route, retryTopic: 'main.retry', home: HOME, originTopic },
    });
  }
  is(await box.owner.reset(0));
  for (const [offset, record] of records.entries()) await readIn(box, offset, record);
  box.end = records.length;
  await box.stamp();
  return { salvaged, records };
}

async function readIn(box: BoxShard, offset: number, written: OutgoingRecord): Promise<void> {
  const headers = written.headers.map(([name, value]) => [name, Buffer.from(value as never)] as const);
  const record: KafkaRecord = {
    ...{ topic: written.topic, partition: HOME.partition, offset, timestamp: box.time },
    ...{ key: written.key, value: written.value, headers },
  };
  if (isJournal(headers)) {
    const journal = readJournal(record)!;
    is(await box.owner.replay(offset, offset + 1, journal.ownerEpoch, journal.items));
    return;
  }
  const { backoff, maxAttempts } = box.policy;
  const policy = { mainTopic: HOME.topic, ordering: 'key' as const, backoff, maxAttempts };
  is(await box.owner.ingest(offset, offset + 1, true, [readArrival(record, policy, box.time, 0)]));
}

test('messages, their order, attempts, due times, errors and parks are as they were', async () => {
  const box = await bench.shard();
  // More than one page of entries.
  const behind = Array.from({ length: 250 }, (_, i) => 10 + i);
  await box.lock('long', 9, ...behind);
  await box.lock('failed', 1);
  await box.lock('parked', 2, 3);
  await box.lock(null, 4);
  box.time += BACKOFF;
  for (const job of await box.deliver(500)) if (originOf(job) === 1) await box.admit(job);
  const before = await box.view('long');
  await box.act('parked', 'park');
  const { salvaged, records } = await makeAnew(box);

  expect(salvaged).toEqual({ messages: 255, announced: 0 });
  expect(records.filter(({ key }) => key?.toString() === 'long')).toHaveLength(251);
  const after = await box.view('long');
  expect(after?.entries.map(({ offset, attempt }) => [offset, attempt])).toEqual(
    before?.entries.map(({ offset, attempt }) => [offset, attempt]),
  );
  expect(after?.entries[0]?.lastError).toEqual({ class: 'Boom', message: 'it broke' });
  await expect(box.view('parked')).resolves.toMatchObject({ state: 'parked', held: 2 });
  await expect(box.view(null, 4)).resolves.toMatchObject({ held: 1, attempt: 1 });
  await expect(box.totals()).resolves.toMatchObject({ lockedKeys: 4, heldMessages: 255, parked: 1 });
  // A retry is never early, and what was decided stays so.
  expect(after!.nextAttemptAt).toBeGreaterThanOrEqual(box.time);
  await box.claim();
  await expect(box.verdicts(fresh('long', 9), fresh('long', 8), fresh('free', 5))).resolves.toEqual([
    'skip',
    'skip',
    'process',
  ]);
});

test('written twice, after a crash in between, nothing is there twice', async () => {
  const box = await bench.shard();
  await box.lock('a', 1, 2, 3);
  await makeAnew(box, { times: 2 });
  await expect(box.entries('a')).resolves.toEqual(['1 held', '2 held', '3 held']);
});

test('what was only announced is left to its consumers, and what is in the dead-letter topic is not sent again', async () => {
  const box = await bench.shard({ maxAttempts: 1 });
  await box.lock('dead', 1, 2);
  box.time += BACKOFF;
  is(await box.owner.bury(await box.release(), true));
  await box.claim();
  await box.fail(fresh('announced', 5));
  const { salvaged } = await makeAnew(box);

  expect(salvaged).toEqual({ messages: 1, announced: 1 });
  await expect(box.entries('announced')).resolves.toEqual([]);
  // The dead letter held its key; an operator has to let it go, as before.
  await expect(box.view('dead')).resolves.toMatchObject({ state: 'parked', held: 1 });
});

test('of a main topic that was made anew, messages keep their order and no longer stand for offsets of the new one', async () => {
  const box = await bench.shard();
  await box.lock('a', 5, 6);
  await makeAnew(box, { originTopic: 'main@before' });
  await box.claim();
  const view = await box.view('a');
  expect(view?.entries.map(({ offset, attempt }) => [offset, attempt])).toEqual([
    [null, 1],
    [null, 0],
  ]);
  await expect(box.verdicts(fresh('a', 6), fresh('b', 5))).resolves.toEqual(['redirect', 'process']);
});

test('a frozen shard answers nothing, and the next owner hears that it has to go on with it', async () => {
  const box = await bench.shard();
  await box.lock('a', 5);
  await box.owner.takeOver({ retry: 'first', main: 'm' });
  const found = await box.owner.takeOver({ retry: 'second', main: 'm' });
  expect(found).toMatchObject({ cursor: 1, madeFrom: { retry: 'first', main: 'm' } });
  expect(found.remade).toEqual({ retry: false, main: false });
  is(await box.owner.freeze(RETRY));

  await expect(box.tryClaim()).resolves.toMatchObject({ refused: 'NOT_READY' });
  const next = await box.owner.takeOver({ retry: 'second', main: 'm' });
  expect(next).toMatchObject({ cursor: null, readTo: 1, madeFrom: { retry: 'first' }, remade: RETRY });
  is(await box.owner.reset(0));
  is(await box.owner.stamp('anew', { retry: 'second', main: 'm' }));
  await expect(box.owner.takeOver()).resolves.toMatchObject({
    madeFrom: { retry: 'second', main: 'm' },
    remade: { retry: false, main: false },
  });
});

test('a record that Kafka does not take is not given up: all of it is written later', async () => {
  const box = await bench.shard();
  await box.lock('a', 5);
  const error = new Error('the topic is away');
  const attempt = salvage({
    box: box.owner,
    send: (_place, _record, settle) => {
      settle({ kind: 'unknown', error });
    },
    ...{ route: box.route, retryTopic: 'main.retry', home: HOME, originTopic: HOME.topic },
  });
  await expect(attempt).rejects.toBe(error);
  await expect(box.entries('a')).resolves.toEqual(['5 held']);
});
