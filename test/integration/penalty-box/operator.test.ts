import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { announced, BACKOFF, BoxBench, fresh, is, originOf, unitOf } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

import type { Redirect } from '../../../src/penalty-box/gate-box.ts';

describe('park and unpark', () => {
  test('a key without messages can be parked: its next ones wait', async () => {
    const box = await bench.shard();
    await box.claim();
    expect(await box.act('a', 'park')).toMatchObject({ outcome: 'done', entries: 0 });
    expect(await box.act('a', 'park')).toMatchObject({ outcome: 'unchanged', entries: 0 });
    expect(await box.totals()).toMatchObject({ lockedKeys: 1, parked: 1 });
    const [redirect] = (await box.admit(fresh('a', 5))) as Redirect[];
    await box.read(announced('a', 5, redirect!));
    box.time += 1e9;
    expect(await box.release()).toEqual([]);
    expect(await box.act('a', 'unpark')).toMatchObject({ outcome: 'done' });
    expect((await box.deliver(50)).map(originOf)).toEqual([5]);
    expect(await box.totals()).toMatchObject({ parked: 0 });
  });

  test('unparking a key without messages removes its lock', async () => {
    const box = await bench.shard();
    await box.act('a', 'park');
    await box.act('a', 'unpark');
    expect(await box.view('a')).toBeNull();
    expect(await box.totals()).toMatchObject({ lockedKeys: 0, parked: 0 });
    expect([box.acquired, box.released]).toEqual([1, 1]);
  });

  test('a parked key stays when its last message succeeds', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const jobs = await box.deliver(50);
    await box.act('a', 'park');
    expect(await box.succeed(...jobs)).toEqual([{ kind: 'done', unlocked: false }]);
    expect(await box.view('a')).toMatchObject({ state: 'parked', held: 0, entries: [] });
  });

  test('a key that was drained while parked probes its next head alone', async () => {
    const box = await bench.shard();
    await box.lock('a', 1, 2, 3);
    box.time += BACKOFF;
    for (const count of [1, 1]) expect(await box.succeed(...(await box.deliver(50)))).toHaveLength(count);
    const jobs = await box.deliver(50);
    await box.act('a', 'park');
    await box.succeed(...jobs);
    await box.read({ origin: 7 }, { origin: 8, delay: 0 }, { origin: 9, delay: 0 });
    await box.act('a', 'unpark');
    expect((await box.release()).map(originOf)).toEqual([7]);
  });

  test('what is in flight when a key is parked is answered as ever', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    await box.act('a', 'park');
    expect(await box.verdicts(job!)).toEqual(['process']);
    expect((await box.fail(job!)).kind).toBe('recorded');
    box.time += 1e6;
    expect(await box.release()).toEqual([]);
    await box.act('a', 'unpark');
    expect((await box.release()).map(originOf)).toEqual([5]);
  });

  test('of a dead-lettered head, unpark drops the marker and goes on', async () => {
    const box = await parkedByDeadLetter();
    await box.act('a', 'unpark');
    expect(await box.entries('a')).toEqual(['6 held']);
    expect((await box.deliver(50)).map(originOf)).toEqual([6]);
    expect(await box.totals()).toMatchObject({ parked: 0, heldMessages: 1 });
  });

  test('of a dead-lettered head, retry-now gives it one more attempt', async () => {
    const box = await parkedByDeadLetter();
    await box.act('a', 'retry-now');
    const [job] = await box.deliver(50);
    expect([originOf(job!), job?.deadLetter, job?.attempt]).toEqual([5, null, 1]);
    expect(await box.fail(job!)).toEqual({ kind: 'deadLettered' });
    expect(await box.release()).toMatchObject([{ deadLetter: 'exhausted', attempt: 2 }]);
  });

  test('a marker that an earlier message has overtaken holds its key again when it is the head again', async () => {
    const box = await parkedByDeadLetter();
    await box.evidence({ committed: 7 });
    await box.read({ origin: 2, attempt: 0, delay: 0 });
    expect(await box.totals()).toMatchObject({ parked: 1 });
    await box.act('a', 'unpark');
    const [job] = await box.deliver(50);
    expect(originOf(job!)).toBe(2);
    await box.succeed(job!);
    expect(await box.view('a')).toMatchObject({ state: 'parked' });
    expect(await box.totals()).toMatchObject({ parked: 1 });
    await box.act('a', 'unpark');
    expect(await box.entries('a')).toEqual(['6 held']);
    expect(await box.totals()).toMatchObject({ parked: 0 });
  });
});

describe('retry-now', () => {
  test('the head is due at once, and burns no attempt by it', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    expect(await box.act('a', 'retry-now')).toMatchObject({ outcome: 'done', entries: 1 });
    expect(await box.release()).toMatchObject([{ attempt: 1 }]);
    expect(await box.act('a', 'retry-now')).toMatchObject({ outcome: 'unchanged' });
  });

  test('a head that has not arrived can not be retried', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.fail(fresh('a', 5));
    expect(await box.act('a', 'retry-now')).toMatchObject({ outcome: 'unchanged' });
    expect(await box.act('b', 'retry-now')).toMatchObject({ outcome: 'unknown' });
  });
});

describe('skip-head', () => {
  test('the head goes to the dead-letter topic, and the key goes on even where dead letters hold it', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    expect(await box.act('a', 'skip-head')).toMatchObject({ outcome: 'done', entries: 1 });
    const letters = await box.release();
    expect(letters).toMatchObject([{ deadLetter: 'operator' }]);
    expect(await box.act('a', 'skip-head')).toMatchObject({ outcome: 'unchanged' });
    is(await box.owner.bury(letters, true));
    expect(await box.entries('a')).toEqual(['6 held']);
    expect((await box.deliver(50)).map(originOf)).toEqual([6]);
  });

  test('what is in flight is recalled', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    await box.act('a', 'skip-head');
    expect(await box.verdicts(job!)).toEqual(['skip']);
    expect(await box.release()).toMatchObject([{ deadLetter: 'operator' }]);
  });
});

describe('discard', () => {
  test('discard-head resolves the head, and the next one gets its turn', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    expect(await box.act('a', 'discard-head')).toMatchObject({ outcome: 'done', entries: 1 });
    expect(await box.succeed(job!)).toEqual([{ kind: 'done', unlocked: false }]);
    expect((await box.deliver(60)).map(originOf)).toEqual([6]);
  });

  test('discard-all empties the key; nothing of it is handled again', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6, 7);
    expect(await box.act('a', 'discard-all')).toMatchObject({ outcome: 'done', entries: 3 });
    expect(await box.totals()).toMatchObject({ lockedKeys: 0, heldMessages: 0, heldBytes: 0 });
    expect(await box.verdicts(fresh('a', 5), fresh('a', 7), fresh('a', 8))).toEqual([
      'skip',
      'skip',
      'process',
    ]);
  });

  test('what is only pending is left, and the figures stay true', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.act('a', 'park');
    await box.verdicts(fresh('a', 5));
    expect(await box.act('a', 'discard-head')).toMatchObject({ outcome: 'unchanged', entries: 0 });
    expect(await box.totals()).toMatchObject({ parked: 1, pending: 1 });
    await box.act('a', 'discard-all');
    expect(await box.totals()).toMatchObject({ parked: 0, pending: 1, lockedKeys: 1 });
    expect(await box.view('a')).toMatchObject({ state: 'waiting' });
  });

  test('a key that the operator parked stays parked without its head', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    await box.act('a', 'park');
    await box.act('a', 'discard-head');
    expect(await box.view('a')).toMatchObject({ state: 'parked', held: 1 });
    expect(await box.totals()).toMatchObject({ parked: 1 });
  });

  test('a key that a dead letter parked goes on without it', async () => {
    const box = await parkedByDeadLetter();
    await box.act('a', 'discard-head');
    expect(await box.view('a')).toMatchObject({ state: 'draining', held: 1, headOffset: 6 });
    expect(await box.totals()).toMatchObject({ parked: 0 });
    expect(await box.release()).toHaveLength(1);
  });

  test('discard-all takes markers with it', async () => {
    const box = await parkedByDeadLetter();
    await box.evidence({ committed: 7 });
    await box.read({ origin: 2 });
    expect(await box.act('a', 'discard-all')).toMatchObject({ outcome: 'done', entries: 3 });
    expect(await box.totals()).toMatchObject({ parked: 0, lockedKeys: 0, heldMessages: 0 });
  });

  test('thousands of entries are discarded by as many scripts as it takes', async () => {
    const box = await bench.shard();
    for (let from = 0; from < 6_000; from += 1_000) {
      await box.read(...Array.from({ length: 1_000 }, (_, i) => ({ origin: from + i })));
    }
    expect(await box.act('a', 'discard-all')).toMatchObject({ outcome: 'done', entries: 6_000 });
    expect(box.calls.filter(({ operation }) => operation === 'act')).toHaveLength(24);
    expect(await box.totals()).toMatchObject({ lockedKeys: 0, heldBytes: 0 });
  });
});

describe('inspect, scan and totals', () => {
  test('a lock is shown with its entries in order, and no more of them than asked for', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6, 7);
    await box.verdicts(fresh('a', 8));
    const view = await box.operator.inspect(3, unitOf('a', 0), 2);
    expect(view).toMatchObject({
      state: 'waiting',
      held: 4,
      attempt: 1,
      headOffset: 5,
      nextAttemptAt: box.time + BACKOFF,
      entries: [
        { offset: 5, attempt: 1, lastError: { class: 'Boom', message: 'it broke' }, firstFailedAt: box.time },
        { offset: 6, attempt: 0, firstFailedAt: null },
      ],
    });
    expect(await box.entries('a')).toEqual(['5 held', '6 held', '7 held', '8 pending']);
    expect(await box.operator.inspect(3, unitOf('b', 0), 2)).toBeNull();
  });

  test('all locks are found by a scan', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.read(
      ...Array.from({ length: 3_000 }, (_, i) => ({ unit: unitOf(`k${String(i)}`, 0), origin: i })),
    );
    await box.lock(null, 5_000);
    const found = new Set<string>();
    for await (const page of box.operator.scan(3)) for (const lock of page) found.add(lock.unit.toString());
    expect(found.size).toBe(3_001);
    expect(await box.totals()).toMatchObject({ lockedKeys: 3_001, heldMessages: 3_001, cursor: 3_001 });
  });
});

/** Key a: 5 is dead-lettered and holds it, 6 waits behind. */
async function parkedByDeadLetter() {
  const box = await bench.shard({ maxAttempts: 1 });
  await box.lock('a', 5, 6);
  box.time += BACKOFF;
  is(await box.owner.bury(await box.release(), true));
  return box;
}
