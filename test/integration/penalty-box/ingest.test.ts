import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { redisUrl } from '../../support/stack.ts';
import {
  announced,
  arrival,
  BACKOFF,
  BEGIN,
  BoxBench,
  copyOf,
  fresh,
  originOf,
  unitOf,
} from '../../support/penalty-box.ts';
import type { Redirect } from '../../../src/penalty-box/gate-box.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

describe('ingest', () => {
  test('a batch read twice changes nothing', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    const before = [await box.view('a'), await box.totals()];
    const again = [arrival({ retryOffset: 0, origin: 5 }), arrival({ retryOffset: 1, origin: 6 })];
    await expect(box.owner.ingest(0, 2, true, again)).resolves.toEqual({ kind: 'cursor', cursor: 2 });
    expect([await box.view('a'), await box.totals()]).toEqual(before);
  });

  test('a second copy of a record is counted and ignored', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    const before = await box.view('a');
    const counts = await box.read({ origin: 6, attempt: 3 }, { origin: 5 });
    expect(counts).toMatchObject({ duplicate: 2, failed: 0, behind: 0 });
    expect(await box.view('a')).toEqual(before);
  });

  test('records of one key stand in the order of their origins, however they came', async () => {
    const box = await bench.shard();
    await box.read({ origin: 300 }, { origin: 2 }, { origin: 70_000 }, { origin: 256 }, { origin: 255 });
    expect((await box.view('a'))?.entries.map(({ offset }) => offset)).toEqual([2, 255, 256, 300, 70_000]);
  });

  test('a foreign origin stands behind all that are there when it comes, and before all later ones', async () => {
    const box = await bench.shard();
    await box.read({ origin: 7 }, { origin: null }, { origin: null }, { origin: 8 }, { origin: 3 });
    const view = await box.view('a');
    expect(
      view?.entries.map(({ offset, retryOffset }) => offset ?? `foreign ${String(retryOffset)}`),
    ).toEqual([3, 7, 'foreign 1', 'foreign 2', 8]);
  });

  test('a foreign origin alone is the head, and is resolved by its token', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.read({ origin: null });
    await box.read({ origin: 1 });
    box.time += BACKOFF;
    const [job] = await box.deliver(10);
    expect(job?.id.subarray(6)).toHaveLength(16);
    expect(await box.succeed(job!)).toEqual([{ kind: 'done', unlocked: false }]);
    expect(await box.entries('a')).toEqual(['1 held']);
  });

  test('a delay is counted from the later of timestamp and announcement; the latest wish wins', async () => {
    const box = await bench.shard();
    await box.claim();
    const redirect = (await box.fail(fresh('a', 5))) as Redirect;
    await box.read({ ...announced('a', 5, redirect), failedAt: BEGIN - 5_000 });
    expect((await box.view('a'))?.nextAttemptAt).toBe(BEGIN + BACKOFF);
    await box.read({
      unit: unitOf('b', 0),
      origin: 6,
      failedAt: BEGIN + 50,
      delay: 10,
      notBefore: BEGIN + 9_000,
    });
    expect((await box.view('b'))?.nextAttemptAt).toBe(BEGIN + 9_000);
    await box.read({
      unit: unitOf('c', 0),
      origin: 7,
      failedAt: BEGIN + 50,
      delay: 10_000,
      notBefore: BEGIN + 9_000,
    });
    expect((await box.view('c'))?.nextAttemptAt).toBe(BEGIN + 10_050);
  });

  test('the wait that the handler asked for outlives the announcement, even if its header is lost', async () => {
    const box = await bench.shard();
    await box.claim();
    const redirect = (await box.fail(fresh('a', 5), { retryAfter: 30_000 })) as Redirect;
    expect(redirect.notBefore).toBe(BEGIN + 30_000);
    await box.read({ ...announced('a', 5, redirect), notBefore: 0 });
    expect((await box.view('a'))?.nextAttemptAt).toBe(BEGIN + 30_000);
  });

  test('an earlier record that comes late takes the head, and the due time with it', async () => {
    const box = await bench.shard();
    await box.read({ origin: 9, delay: 1_000 });
    await box.read({ origin: 4, delay: 5_000 });
    const view = await box.view('a');
    expect([view?.headOffset, view?.nextAttemptAt]).toEqual([4, BEGIN + 5_000]);
  });

  test('a late copy of another claim is ignored only after a call was made under the current one', async () => {
    const box = await bench.shard();
    const old = await box.claim();
    const late = { unit: unitOf('z', 0), origin: 50, claim: old.claimEpoch, announced: true };
    await box.claim({ consumerId: 'other' });
    expect(await box.read(late)).toMatchObject({ late: 0, failed: 1 });

    await box.verdicts(fresh('b', 1));
    expect(await box.read({ ...late, origin: 51 })).toMatchObject({ late: 1, failed: 0 });
    expect(await box.read({ ...late, origin: 52, claim: '' })).toMatchObject({ late: 0, failed: 1 });
    expect(await box.entries('z')).toEqual(['50 held', '52 held']);
  });

  test('what the current claim waited for is no late copy', async () => {
    const box = await bench.shard();
    const old = await box.claim();
    const copy = { unit: unitOf('z', 0), origin: 50, claim: old.claimEpoch, announced: true };
    expect(await box.read(copy)).toMatchObject({ failed: 1 });
    await box.claim({ consumerId: 'other', end: 1 });
    await box.verdicts(fresh('b', 1));
    expect(await box.read({ ...copy, origin: 51 })).toMatchObject({ late: 1 });
    expect(await box.entries('z')).toEqual(['50 held']);
  });

  test('a late copy of a pending record is its arrival', async () => {
    const box = await bench.shard();
    await box.claim();
    const redirect = (await box.fail(fresh('a', 5))) as Redirect;
    await box.claim({ consumerId: 'other' });
    await box.verdicts(fresh('b', 1));
    expect(await box.read(announced('a', 5, redirect))).toMatchObject({ arrived: 1, late: 0 });
  });

  test('without a gate, the failure that comes back with the current token is the next attempt', async () => {
    const box = await bench.shard({ gated: false, window: 1 });
    await box.read({ origin: 5 }, { origin: 6, attempt: 0, delay: 0 });
    box.time += BACKOFF;
    const [job] = await box.deliver(100);
    const { token } = copyOf(job!);
    if (token === null || token === 'unreadable') throw new Error('no token');
    const counts = await box.read({ origin: 5, token, attempt: 2, failedAt: box.time, delay: 2 * BACKOFF });
    expect(counts).toMatchObject({ again: 1 });
    expect((await box.view('a'))?.entries).toMatchObject([
      { offset: 5, state: 'held', attempt: 2, retryOffset: 2, firstFailedAt: BEGIN },
      { offset: 6, state: 'held', attempt: 0 },
    ]);
    expect((await box.view('a'))?.nextAttemptAt).toBe(box.time + 2 * BACKOFF);

    expect(await box.read({ origin: 5, token, attempt: 2 })).toMatchObject({ duplicate: 1, again: 0 });
  });

  test('a failure that comes back for an entry that is no longer the head leaves its lock with a due time', async () => {
    const box = await bench.shard({ gated: false, window: 1 });
    await box.read({ origin: 5 });
    box.time += BACKOFF;
    const [job] = await box.deliver(100);
    const { token } = copyOf(job!);
    if (token === null || token === 'unreadable') throw new Error('no token');
    await box.read({ origin: 2, failedAt: box.time });
    expect((await box.view('a'))?.nextAttemptAt).toBeNull();
    await box.read({ origin: 5, token, attempt: 2, failedAt: box.time });
    const view = await box.view('a');
    expect([view?.headOffset, view?.nextAttemptAt]).toEqual([2, box.time + BACKOFF]);
  });

  test('a failure without a token whose origin is resolved is a second copy', async () => {
    const box = await bench.shard({ gated: false, window: 1 });
    await box.read({ origin: 5 });
    box.time += BACKOFF;
    await box.deliver(100);
    await box.evidence({ committed: 3, passed: 101 });
    expect(await box.view('a')).toBeNull();
    expect(await box.read({ origin: 5 })).toMatchObject({ duplicate: 1 });
    // Once the group has committed past it, a copy is somebody's wish to try it again.
    await box.evidence({ committed: 6, passed: 101 });
    expect(await box.read({ origin: 5 })).toMatchObject({ failed: 1 });
  });

  test('a token whose record says another origin does not stop the reader', async () => {
    const box = await bench.shard();
    const token = { place: Buffer.from('0000000000000007', 'hex'), nonce: 'x' };
    await expect(box.read({ origin: null, token, announced: true, claim: '1' })).resolves.toMatchObject({
      failed: 1,
    });
  });

  test('malformed and fatal records leave for the dead-letter topic when they are the head', async () => {
    const box = await bench.shard();
    await box.read(
      { origin: null, unit: Buffer.from('m0'), malformed: true, delay: 0 },
      { origin: 6, fatal: true, delay: 0 },
      { unit: unitOf('b', 0), origin: 7, attempt: 5, delay: 0 },
    );
    const reasons = (await box.release()).map(({ deadLetter }) => deadLetter).sort();
    expect(reasons).toEqual(['exhausted', 'fatal', 'malformed']);
  });

  test('a key with thousands of entries is taken, released in windows and worked off', async () => {
    const box = await bench.shard({ window: 1_024 });
    await box.claim();
    for (let from = 0; from < 2_000; from += 1_000) {
      await box.read(
        ...Array.from({ length: 1_000 }, (_, i) => ({
          origin: from + i,
          attempt: from + i === 0 ? 1 : 0,
          delay: from + i === 0 ? BACKOFF : 0,
        })),
      );
    }
    box.time += BACKOFF;
    const order: number[] = [];
    let offset = 10_000;
    for (let round = 0; order.length < 2_000 && round < 40; round++) {
      const jobs = await box.deliver(offset);
      offset += jobs.length;
      expect(await box.verdicts(...jobs)).toEqual(jobs.map(() => 'process'));
      await box.succeed(...jobs);
      order.push(...jobs.map(originOf));
    }
    expect(order).toEqual(Array.from({ length: 2_000 }, (_, i) => i));
    expect(await box.totals()).toMatchObject({ lockedKeys: 0, heldMessages: 0, heldBytes: 0, inFlight: 0 });
  });
});
