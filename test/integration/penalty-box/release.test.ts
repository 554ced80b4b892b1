import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redirect } from '../../../src/penalty-box/gate-box.ts';
import {
  announced,
  BACKOFF,
  BEGIN,
  BoxBench,
  fresh,
  is,
  originOf,
  unitOf,
} from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

describe('release', () => {
  test('nothing is released before it is due', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time = BEGIN + BACKOFF - 1;
    expect(await box.release()).toEqual([]);
    box.time++;
    expect(await box.release()).toMatchObject([{ attempt: 1, deadLetter: null, dueAt: BEGIN + BACKOFF }]);
  });

  test('what is due at the same time is released in the order of the retry topic', async () => {
    const box = await bench.shard();
    for (const [i, key] of ['q', 'c', 'z', 'a', 'm'].entries()) await box.lock(key, i);
    box.time = BEGIN + BACKOFF;
    expect((await box.release()).map(originOf)).toEqual([0, 1, 2, 3, 4]);
  });

  test('the head alone is probed', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6, 7);
    box.time += BACKOFF;
    expect((await box.release()).map(originOf)).toEqual([5]);
    expect(await box.release()).toEqual([]);
    expect(await box.view('a')).toMatchObject({ state: 'probing', nextAttemptAt: null });
  });

  test('a draining key is released in order, in windows of 1, 2, 4, … up to the limit', async () => {
    const box = await bench.shard({ window: 4 });
    await box.lock('a', ...(Array.from({ length: 14 }, (_, i) => i + 1) as [number, ...number[]]));
    box.time += BACKOFF;
    const windows: number[][] = [];
    for (let jobs = await box.deliver(50); jobs.length > 0; jobs = await box.deliver(50)) {
      windows.push(jobs.map(originOf));
      await box.verdicts(...jobs);
      await box.succeed(...jobs);
    }
    expect(windows).toEqual([[1], [2], [3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14]]);
  });

  test('a window ends before a pending entry, and before one that is not due', async () => {
    const box = await bench.shard();
    await box.lock('a', 1, 2, 3, 4);
    const [six] = (await box.admit(fresh('a', 5), fresh('a', 6))).slice(1) as Redirect[];
    await box.read(announced('a', 6, six!));
    box.time += BACKOFF;
    for (const round of [[1], [2], [3, 4]]) {
      const jobs = await box.deliver(50);
      expect(jobs.map(originOf)).toEqual(round);
      await box.succeed(...jobs);
    }
    expect(await box.release()).toEqual([]);
    const [five] = (await box.admit(fresh('a', 5))) as Redirect[];
    await box.read({ ...announced('a', 5, five!), notBefore: box.time });
    await box.read({ origin: 7, failedAt: box.time, delay: 500 });
    expect((await box.deliver(60)).map(originOf)).toEqual([5, 6]);
  });

  test('no more is released than there is room for, the earliest first', async () => {
    const box = await bench.shard();
    await box.read(
      { unit: unitOf('late', 0), origin: 1, delay: 300 },
      { unit: unitOf('early', 0), origin: 2, delay: 100 },
      { unit: unitOf('middle', 0), origin: 3, delay: 200 },
    );
    box.time += 1_000;
    expect((await box.release(2)).map(originOf)).toEqual([2, 3]);
    expect((await box.release(2)).map(originOf)).toEqual([1]);
  });

  test('every release has a token of its own', async () => {
    const box = await bench.shard();
    await box.lock('a', 1);
    await box.lock('b', 2);
    box.time += BACKOFF;
    const first = await box.release();
    await box.takeOver();
    const tokens = [...first, ...(await box.release())].map(
      ({ nonce, id }) => `${id.toString('hex')} ${nonce}`,
    );
    expect(new Set(tokens).size).toBe(4);
  });

  test('attempts are checked before age, and both before another attempt is made', async () => {
    const box = await bench.shard({ maxAttempts: 3, maxAge: 10_000 });
    await box.read(
      { unit: unitOf('a', 0), origin: 1, attempt: 3 },
      { unit: unitOf('b', 0), origin: 2, attempt: 2 },
      { unit: unitOf('c', 0), origin: 3, attempt: 0 },
    );
    box.time += 10_000;
    const reasons = (await box.release()).map((job) => `${String(originOf(job))} ${String(job.deadLetter)}`);
    expect(reasons.sort()).toEqual(['1 exhausted', '2 expired', '3 null']);
  });
});

describe('acknowledge', () => {
  test('the offset of a copy is kept while its token is current', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.deliver(77);
    expect((await box.view('a'))?.entries).toMatchObject([{ deliveredOffset: 77, state: 'in-flight' }]);
    await box.fail(job!);
    is(await box.owner.acknowledge([{ job: job!, offset: 78 }]));
    expect((await box.view('a'))?.entries).toMatchObject([{ deliveredOffset: null, state: 'held' }]);
  });

  test('what is resolved meanwhile stays so', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const jobs = await box.release();
    await box.succeed(...jobs);
    is(await box.owner.acknowledge([{ job: jobs[0]!, offset: 78 }]));
    expect(await box.totals()).toMatchObject({ inFlight: 0, lockedKeys: 0 });
  });
});

describe('withdraw', () => {
  test('what was not published is released again with a new token, not before it may', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.release();
    is(await box.owner.withdraw([{ job: job!, notBefore: box.time + 300 }]));
    expect(await box.totals()).toMatchObject({ inFlight: 0 });
    box.time += 299;
    expect(await box.release()).toEqual([]);
    box.time += 1;
    const [again] = await box.release();
    expect(again?.attempt).toBe(1);
    expect(await box.verdicts(job!)).toEqual(['skip']);
    expect(await box.verdicts(again!)).toEqual(['process']);
  });

  test('a copy that was admitted meanwhile keeps its token', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.release();
    await box.verdicts(job!);
    is(await box.owner.withdraw([{ job: job!, notBefore: box.time }]));
    expect(await box.entries('a')).toEqual(['5 in-flight']);
    expect(await box.fail(job!)).toMatchObject({ kind: 'recorded', attempt: 2 });
  });

  test('those sent behind a withdrawn entry are turned away and come again after it', async () => {
    const box = await bench.shard();
    await box.lock('a', 1, 2, 3, 4);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    await box.succeed(...(await box.deliver(51)));
    const [third, fourth] = await box.release();
    is(await box.owner.withdraw([{ job: third!, notBefore: box.time }]));
    expect(await box.verdicts(fourth!)).toEqual(['skip']);
    expect((await box.deliver(60)).map(originOf)).toEqual([3]);
  });

  test('a record that can not be delivered goes to the dead-letter topic', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.release();
    is(await box.owner.withdraw([{ job: job!, notBefore: 0, reason: 'undeliverable' }]));
    expect(await box.release()).toMatchObject([{ deadLetter: 'undeliverable' }]);
  });

  test('a record that Kafka refuses so often in a row is undeliverable; being taken once begins the count anew', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    const refuse = async (): Promise<string | null> => {
      box.time += 10 * BACKOFF;
      const [job] = await box.release();
      if (job?.deadLetter === null) is(await box.owner.withdraw([{ job, notBefore: box.time, refusals: 3 }]));
      return job?.deadLetter ?? null;
    };
    await refuse();
    await refuse();
    expect((await box.view('a'))?.entries[0]).toMatchObject({ refused: 2, condemned: '' });

    const [taken] = await box.deliver(50);
    expect((await box.view('a'))?.entries[0]).toMatchObject({ refused: 0 });
    await box.fail(taken!);
    expect([await refuse(), await refuse(), await refuse()]).toEqual([null, null, null]);
    expect(await refuse()).toBe('undeliverable');
  });

  test('a takeover neither counts as a refusal nor forgets those before', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.release();
    is(await box.owner.withdraw([{ job: job!, notBefore: box.time, refusals: 3 }]));
    await box.release();
    await box.takeOver();
    expect((await box.view('a'))?.entries[0]).toMatchObject({ state: 'held', refused: 1 });
  });

  test('a dead letter that was not written is written again', async () => {
    const box = await bench.shard({ maxAttempts: 1 });
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [letter] = await box.release();
    is(await box.owner.withdraw([{ job: letter!, notBefore: box.time + 100 }]));
    expect(await box.release()).toEqual([]);
    box.time += 100;
    expect(await box.release()).toMatchObject([{ deadLetter: 'exhausted' }]);
  });
});

describe('bury', () => {
  test('the dead-lettered head leaves the box and the key goes on', async () => {
    const box = await bench.shard({ maxAttempts: 1 });
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    const letters = await box.release();
    is(await box.owner.bury(letters, false));
    expect(await box.entries('a')).toEqual(['6 held']);
    expect((await box.deliver(50)).map(originOf)).toEqual([6]);
    is(await box.owner.bury(letters, false));
    expect(await box.totals()).toMatchObject({ heldMessages: 1, inFlight: 1 });
  });

  test('with hold it stays as a marker and its key waits for the operator', async () => {
    const box = await bench.shard({ maxAttempts: 1 });
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    is(await box.owner.bury(await box.release(), true));
    expect(await box.entries('a')).toEqual(['5 dead-lettered', '6 held']);
    expect(await box.view('a')).toMatchObject({ state: 'parked', nextAttemptAt: null });
    expect(await box.totals()).toMatchObject({ parked: 1, inFlight: 0 });
    box.time += 1e9;
    expect(await box.release()).toEqual([]);
    expect(await box.verdicts(fresh('a', 7))).toEqual(['redirect']);
  });

  test('one without its value stays, whatever the route says, until an operator lets it go', async () => {
    const box = await bench.shard({ maxAttempts: 1 });
    await box.lock('a', 5, 6);
    await box.lock(null, 7);
    box.time += BACKOFF;
    is(await box.owner.keep(await box.release()));
    expect(await box.view('a')).toMatchObject({
      state: 'parked',
      entries: [{ state: 'dead-lettered', kept: true }, {}],
    });
    expect(await box.totals()).toMatchObject({ lockedKeys: 2, parked: 2, heldMessages: 3 });
    await box.act('a', 'unpark');
    expect(await box.entries('a')).toEqual(['6 held']);
  });

  test('for a null key, hold is continue', async () => {
    const box = await bench.shard({ maxAttempts: 1 });
    await box.lock(null, 5);
    box.time += BACKOFF;
    is(await box.owner.bury(await box.release(), true));
    expect(await box.totals()).toMatchObject({ lockedKeys: 0, parked: 0 });
  });

  test('a success that comes while the dead letter is written resolves the entry; the letter is not missed', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    await box.fail(job!, { fatal: true });
    const letters = await box.release();
    expect(await box.succeed(job!)).toEqual([{ kind: 'done', unlocked: true }]);
    is(await box.owner.bury(letters, true));
    expect(await box.totals()).toMatchObject({ lockedKeys: 0, parked: 0, inFlight: 0 });
  });
});
