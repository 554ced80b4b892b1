import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redirect } from '../../../src/penalty-box/gate-box.ts';
import { announced, BACKOFF, BoxBench, fresh, unitOf } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

/** As a consumer publishes it that goes on without the service. */
const alone = (origin: number, claim: string, attempt = 1) => ({
  ...{ unit: unitOf('a', 0), origin, claim, attempt, announced: false, delay: attempt > 0 ? BACKOFF : 0 },
});

describe('a record that its consumer published without being told to', () => {
  test('locks its key, and those behind it wait for it', async () => {
    const box = await bench.shard();
    const { claimEpoch } = await box.claim();
    expect(await box.read(alone(5, claimEpoch), alone(6, claimEpoch, 0))).toMatchObject({
      failed: 1,
      behind: 1,
    });
    const next = await box.claim({ end: 2 });
    expect(next.lockedKeys.map(String)).toEqual(['a']);
    box.time += BACKOFF;
    const [head, ...more] = await box.deliver(50);
    expect(more).toEqual([]);
    expect(await box.verdicts(fresh('a', 7), head!)).toEqual(['redirect', 'process']);
  });

  test('says nothing of earlier ones: what is not in the box is redirected, not skipped', async () => {
    const box = await bench.shard();
    const { claimEpoch } = await box.claim();
    await box.read(alone(5, claimEpoch));
    expect(await box.verdicts(fresh('a', 3))).toEqual(['redirect']);
    await box.loseAndRebuild();
    await box.claim({ end: box.end });
    expect(await box.verdicts(fresh('a', 4))).toEqual(['redirect']);
  });

  test('is the arrival of what had been announced before nobody answered any more', async () => {
    const box = await bench.shard();
    const { claimEpoch } = await box.claim();
    await box.fail(fresh('a', 5));
    expect(await box.read(alone(5, claimEpoch))).toMatchObject({ arrived: 1, failed: 0 });
    expect(await box.entries('a')).toEqual(['5 held']);
  });

  test('and that the next claim calls outstanding arrives behind the end which that claim has observed', async () => {
    const box = await bench.shard();
    const { claimEpoch } = await box.claim();
    await box.claim({
      end: 0,
      outstanding: [{ unit: unitOf('a', 5), origin: 5, attempt: 1, failure: null }],
    });
    await box.verdicts(fresh('b', 1));
    expect(await box.read(alone(5, claimEpoch))).toMatchObject({ arrived: 1, late: 0 });
  });

  test('by a zombie is ignored once the claimant has made a call', async () => {
    const box = await bench.shard();
    const { claimEpoch } = await box.claim();
    await box.claim({ consumerId: 'other' });
    await box.verdicts(fresh('b', 1));
    expect(await box.read(alone(5, claimEpoch))).toMatchObject({ late: 1, failed: 0 });
    expect(await box.view('a')).toBeNull();
  });

  test('a second time is a second copy, whether the first was announced or not', async () => {
    const box = await bench.shard();
    const { claimEpoch } = await box.claim();
    const redirect = (await box.fail(fresh('a', 5))) as Redirect;
    await box.read(announced('a', 5, redirect));
    expect(
      await box.read(alone(5, claimEpoch), alone(6, claimEpoch, 0), alone(6, claimEpoch, 0)),
    ).toMatchObject({
      duplicate: 2,
      behind: 1,
    });
  });

  test('is carried forward as what it is', async () => {
    const box = await bench.shard();
    const { claimEpoch } = await box.claim();
    await box.read(alone(5, claimEpoch));
    const copies = await box.carry();
    expect(copies).toMatchObject([{ announced: false, claim: '' }]);
  });
});

test('a redelivered record that was passed over comes again without having used up anything', async () => {
  const box = await bench.shard({ maxAttempts: 2 });
  await box.lock('a', 1);
  for (let round = 0; round < 4; round++) {
    box.time += BACKOFF;
    await box.deliver(50 + round);
    // The claimant could not ask about it, and the group committed past it.
    await box.claim({ committed: 51 + round });
    await box.evidence({ committed: 51 + round, passed: 51 + round });
  }
  const [entry] = (await box.view('a'))!.entries;
  expect(entry).toMatchObject({ state: 'held', attempt: 1, unanswered: 0 });
});
