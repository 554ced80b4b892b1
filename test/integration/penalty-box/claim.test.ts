import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  announced,
  BACKOFF,
  BEGIN,
  BoxBench,
  fresh,
  is,
  originOf,
  unitOf,
  aFailure,
} from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

import type { Redirect } from '../../../src/penalty-box/gate-box.ts';

describe('claim', () => {
  test('every claim has a higher epoch, at least the time', async () => {
    const box = await bench.shard();
    const first = await box.claim();
    expect(Number(first.claimEpoch)).toBe(BEGIN);
    expect(Number((await box.claim()).claimEpoch)).toBe(BEGIN + 1);
    box.time += 60_000;
    expect(Number((await box.claim()).claimEpoch)).toBe(BEGIN + 60_000);
    box.time -= 60_000;
    expect(Number((await box.claim()).claimEpoch)).toBe(BEGIN + 60_001);
  });

  test('it lists locked and known keys alike, and not those that were forgotten', async () => {
    const box = await bench.shard();
    await box.lock('known', 1);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    await box.lock('locked', 2);
    await box.lock(null, 3);
    expect(keys(await box.claim())).toEqual(['known', 'locked']);
    await box.evidence({ committed: 2 });
    expect(keys(await box.claim())).toEqual(['locked']);
  });

  test('with more keys than the limit it lists none and says so', async () => {
    const box = await bench.shard({ gateListLimit: 1 });
    await box.lock('a', 1);
    expect(await box.claim()).toMatchObject({ complete: true, lockedKeys: [Buffer.from('a')] });
    await box.lock('b', 2);
    expect(await box.claim()).toMatchObject({ complete: false, lockedKeys: [] });
  });

  test('it waits until the retry topic has been read to the end that was observed', async () => {
    const box = await bench.shard();
    await expect(box.tryClaim({ end: 1 })).resolves.toEqual({ ok: false, refused: 'BEHIND' });
    await box.read({ origin: 1 });
    await expect(box.tryClaim({ end: 1 })).resolves.toMatchObject({ ok: true });
  });

  test('an older generation is refused, but only while the claim is alive', async () => {
    const box = await bench.shard({ claimTtl: 10_000 });
    await box.claim({ consumerId: 'new', generation: 7 });
    await expect(box.tryClaim({ consumerId: 'old', generation: 6 })).resolves.toEqual({
      ok: false,
      refused: 'FENCED',
    });
    await expect(box.tryClaim({ consumerId: 'new', generation: 7 })).resolves.toMatchObject({ ok: true });
    box.time += 9_999;
    await expect(box.tryClaim({ generation: 1 })).resolves.toMatchObject({ refused: 'FENCED' });
    await box.renew({ claimEpoch: (await box.claim({ generation: 7 })).claimEpoch });
    box.time += 10_000;
    await expect(box.tryClaim({ generation: 1 })).resolves.toMatchObject({ ok: true });
  });

  test('a call that was given up takes no effect later', async () => {
    const box = await bench.shard();
    await box.claim({ consumerId: 'one', call: 2 });
    const { claimEpoch } = await box.claim({ consumerId: 'two', call: 1 });
    await expect(box.tryClaim({ consumerId: 'one', call: 2 })).resolves.toEqual({
      ok: false,
      refused: 'FENCED',
    });
    await expect(box.tryClaim({ consumerId: 'one', call: 1 })).resolves.toEqual({
      ok: false,
      refused: 'FENCED',
    });
    box.claimed = { ...box.claimed!, claimEpoch };
    expect(await box.verdicts(fresh('a', 1))).toEqual(['process']);
    await expect(box.tryClaim({ consumerId: 'one', call: 3 })).resolves.toMatchObject({ ok: true });
  });

  test('outstanding records are announced again; what is resolved or held is not', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    const outstanding = [5, 6, 8, 7].map((origin) => ({
      unit: unitOf('a', 0),
      origin,
      attempt: 0,
      failure: null,
    }));
    const failed = { unit: unitOf('b', 0), origin: 9, attempt: 1, failure: aFailure({ fatal: true }) };
    await box.claim({ outstanding: [...outstanding, failed] });
    expect(await box.entries('a')).toEqual(['6 held', '7 pending', '8 pending']);
    expect(await box.admit(fresh('b', 9))).toMatchObject([
      { kind: 'redirect', attempt: 1, errorClass: 'Boom', fatal: true, claim: box.claimed?.claimEpoch },
    ]);
  });

  test('outstanding records that are listed out of order lose nothing', async () => {
    const box = await bench.shard();
    const outstanding = [7, 5].map((origin) => ({ unit: unitOf('a', 0), origin, attempt: 0, failure: null }));
    await box.claim({ outstanding });
    await box.read(
      { origin: 5, announced: true, claim: 'before' },
      { origin: 7, announced: true, claim: 'before' },
    );
    expect(await box.entries('a')).toEqual(['5 held', '7 held']);
  });

  test('null keys can not be listed: the highest one in the box or known is told', async () => {
    const box = await bench.shard();
    expect((await box.claim()).nullKeyUpTo).toBe(-1);
    await box.lock(null, 5);
    expect((await box.claim()).nullKeyUpTo).toBe(5);
    await box.read({ unit: unitOf(null, 8), origin: 8 });
    expect((await box.claim()).nullKeyUpTo).toBe(8);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    expect((await box.claim()).nullKeyUpTo).toBe(8);
    await box.evidence({ committed: 9 });
    expect((await box.claim()).nullKeyUpTo).toBe(-1);
  });

  test('one ended claim counts one record: the first that was admitted under it at or above the committed offset', async () => {
    const box = await bench.shard();
    await box.lock('a', 1);
    await box.lock('b', 2);
    await box.lock('c', 3);
    await box.lock('d', 4);
    box.time += BACKOFF;
    const jobs = await box.deliver(50);
    await box.verdicts(...jobs.slice(0, 3));
    // The second has its outcome; the fourth was never admitted.
    await box.succeed(jobs[1]!);
    expect((await box.claim({ committed: 51 })).unansweredOffset).toBe(52);
    expect((await box.claim({ committed: 51 })).unansweredOffset).toBe(-1);
    const counts = await Promise.all(jobs.map(async (job) => (await viewOf(box, originOf(job)))?.unanswered));
    expect(counts).toEqual([0, undefined, 1, 0]);
  });

  test('after as many unanswered deliveries as attempts, the message goes to the dead-letter topic', async () => {
    const box = await bench.shard({ maxAttempts: 2 });
    await box.lock('a', 1);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    for (let round = 0; round < 2; round++) {
      expect(await box.verdicts(job!)).toEqual(['process']);
      expect((await box.claim({ committed: 50 })).unansweredOffset).toBe(50);
    }
    await box.evidence({ committed: 0, passed: 51 });
    expect(await box.release()).toMatchObject([{ deadLetter: 'unanswered', attempt: 1 }]);
  });

  test('a known failure begins the count of unanswered deliveries anew', async () => {
    const box = await bench.shard();
    await box.lock('a', 1);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    await box.verdicts(job!);
    await box.claim({ committed: 50 });
    expect((await viewOf(box, 1))?.unanswered).toBe(1);
    await box.fail(job!);
    expect((await viewOf(box, 1))?.unanswered).toBe(0);
  });
});

describe('renew', () => {
  test('locks that others made are told, and unlocks of them', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.read({ unit: unitOf('x', 0), origin: 1 });
    await box.act('parked', 'park');
    const first = await box.renew();
    expect(first).toMatchObject({ status: 'held', unlockedKeys: [] });
    expect(first.lockedKeys.map(String).sort()).toEqual(['parked', 'x']);

    await box.act('parked', 'unpark');
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    const second = await box.renew({ seen: first.seen });
    expect(second.unlockedKeys.map(String).sort()).toEqual(['parked', 'x']);
    expect(second.lockedKeys).toEqual([]);
    expect(await box.renew({ seen: second.seen })).toMatchObject({ lockedKeys: [], unlockedKeys: [] });
  });

  test('what the claimant locked itself is not told, and a known key is unlocked only when it is forgotten', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    expect(await box.renew()).toMatchObject({ lockedKeys: [], unlockedKeys: [] });
    await box.evidence({ committed: 6 });
    expect((await box.renew()).unlockedKeys.map(String)).toEqual(['a']);
  });

  test('a call that is made again answers the same', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.act('x', 'park');
    const first = await box.renew();
    expect(await box.renew()).toEqual(first);
  });

  test('it goes by the state when the answer is made', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.act('x', 'park');
    await box.act('x', 'unpark');
    await box.act('x', 'park');
    expect((await box.renew()).lockedKeys.map(String)).toEqual(['x']);
  });

  test('another claim is fenced; another incarnation, or a log that does not reach back, claims again', async () => {
    const box = await bench.shard();
    const claim = await box.claim();
    await box.act('x', 'park');
    const { seen } = await box.renew();
    await box.renew({ seen });
    expect(await box.renew({ seen: claim.seen })).toMatchObject({ status: 'claim-again' });
    expect(await box.renew({ incarnation: 'x:y' })).toMatchObject({ status: 'claim-again' });
    await box.claim({ consumerId: 'other' });
    expect(await box.renew({ claimEpoch: claim.claimEpoch })).toMatchObject({ status: 'fenced' });
  });

  test('what is outstanding is announced again', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.renew({ outstanding: [{ unit: unitOf('a', 0), origin: 4, attempt: 1, failure: aFailure() }] });
    expect(await box.entries('a')).toEqual(['4 pending']);
    const [redirect] = (await box.admit(fresh('a', 4))) as Redirect[];
    expect(await box.read(announced('a', 4, redirect!))).toMatchObject({ arrived: 1 });
  });

  test('a log that nobody reads stays small, and its reader claims again', async () => {
    const box = await bench.shard();
    await box.claim();
    for (let from = 0; from < 10_100; from += 1_010) {
      await box.read(
        ...Array.from({ length: 1_010 }, (_, i) => ({
          unit: unitOf(`k${String(from + i)}`, 0),
          origin: from + i,
        })),
      );
    }
    is(await box.owner.evidence(true, { committed: -1, end: 0, passed: -1, first: -1, redeliveryEnd: -1 }));
    is(await box.owner.evidence(true, { committed: -1, end: 0, passed: -1, first: -1, redeliveryEnd: -1 }));
    expect(await box.renew()).toMatchObject({ status: 'claim-again' });
  });
});

function keys(claim: { lockedKeys: readonly Buffer[] }): string[] {
  return claim.lockedKeys.map(String).sort();
}

async function viewOf(box: Awaited<ReturnType<BoxBench['shard']>>, origin: number) {
  for (const key of ['a', 'b', 'c', 'd']) {
    const entry = (await box.view(key))?.entries.find(({ offset }) => offset === origin);
    if (entry) return entry;
  }
  return undefined;
}
