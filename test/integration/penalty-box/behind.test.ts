import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startRedis } from '../../../dev/stack/redis.ts';
import type { Redirect } from '../../../src/penalty-box/gate-box.ts';
import { announced, BACKOFF, BoxBench, fresh, is } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

describe('while reading has stopped', () => {
  test('a claim does not wait, lists nothing, and everything new is redirected without a trace in Redis', async () => {
    const box = await bench.shard();
    await box.lock('here', 1);
    is(await box.owner.behind(true, 'n'));
    expect(await box.claim({ end: 1_000 })).toMatchObject({ complete: false, lockedKeys: [] });
    const before = await box.totals();
    const [first, second] = (await box.admit(fresh('other', 5), fresh('here', 6))) as [Redirect, Redirect];
    const claim = box.claimed?.claimEpoch;
    expect(first).toMatchObject({ kind: 'redirect', attempt: 0, claim });
    expect(second).toMatchObject({ kind: 'redirect', attempt: 0, claim });
    await expect(box.fail(fresh('third', 7), { errorClass: 'Boom' })).resolves.toMatchObject({
      ...{ kind: 'redirect', attempt: 1, errorClass: 'Boom', claim },
    });
    expect(await box.totals()).toEqual(before);
    // What is in the box, or known, is decided as ever.
    await expect(box.verdicts(fresh('here', 1))).resolves.toEqual(['skip']);
  });

  test('redeliveries go on, are unlocked by a success, and the key is not told to be unlocked', async () => {
    const box = await bench.shard();
    await box.lock('a', 1);
    await box.evidence({ committed: 2 });
    is(await box.owner.behind(true, 'n'));
    const [redirected] = (await box.admit(fresh('a', 3))) as [Redirect];
    box.time += BACKOFF;
    const jobs = await box.deliver(50);
    await expect(box.verdicts(...jobs)).resolves.toEqual(['process']);
    await expect(box.succeed(...jobs)).resolves.toEqual([{ kind: 'done', unlocked: true }]);
    // Its record at 3 is in the retry topic, and not read: what comes after it must not be handled.
    expect(await box.renew()).toMatchObject({ status: 'held', unlockedKeys: [] });
    await expect(box.verdicts(fresh('a', 4))).resolves.toEqual(['redirect']);

    // Read on: the claim has ended, and the next one knows of the record.
    is(await box.owner.behind(false, 'n2'));
    await expect(box.tryAdmit([fresh('a', 4)])).resolves.toEqual({ ok: false, refused: 'NOT_READY' });
    expect(await box.renew()).toMatchObject({ status: 'claim-again' });
    await expect(box.tryClaim({ end: box.end + 1 })).resolves.toEqual({ ok: false, refused: 'BEHIND' });
    await box.read(announced('a', 3, redirected));
    expect(await box.claim()).toMatchObject({ complete: true, lockedKeys: [Buffer.from('a')] });
    await expect(box.verdicts(fresh('a', 4))).resolves.toEqual(['redirect']);
    await expect(box.entries('a')).resolves.toEqual(['3 held', '4 pending']);
  });

  test('what was passed over is redelivered, and nothing else is concluded from what was committed', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.fail(fresh('pending', 1));
    await box.lock('a', 2);
    box.time += BACKOFF;
    await box.deliver(50);
    is(await box.owner.behind(true, 'n'));
    const unread = { committed: 60, passed: 60, end: box.end + 100 };
    await expect(box.evidence(unread)).resolves.toMatchObject({ redelivered: 1, reaped: [], forgotten: 0 });
    await expect(box.entries('pending')).resolves.toEqual(['1 pending']);
    await expect(box.entries('a')).resolves.toEqual(['2 held']);
  });

  test('nobody has died of what is being handled when the claims end', async () => {
    const box = await bench.shard();
    await box.lock('a', 1);
    box.time += BACKOFF;
    const jobs = await box.deliver(50);
    await box.verdicts(...jobs);
    is(await box.owner.behind(true, 'n'));
    is(await box.owner.behind(false, 'n2'));
    expect(await box.claim()).toMatchObject({ unansweredOffset: -1 });
    await expect(box.succeed(...jobs)).resolves.toEqual([{ kind: 'done', unlocked: true }]);
  });
});

test('a Redis without memory refuses what is new, and nothing else', async () => {
  await using redis = await startRedis();
  await using full = await BoxBench.open(redis.url);
  const box = await full.shard();
  await box.lock('a', 1, 2);
  await box.redis.config('SET', 'maxmemory', '100000');
  await expect(box.read({ origin: 9 })).rejects.toThrow('OOM');
  box.time += BACKOFF;
  await box.claim({ end: 2 });
  const [head] = await box.deliver(50);
  await expect(box.verdicts(head!)).resolves.toEqual(['process']);
  await box.fail(head!);
  box.time += 2 * BACKOFF;
  for (const _ of [1, 2]) {
    const jobs = await box.deliver(60);
    await box.verdicts(...jobs);
    await box.succeed(...jobs);
  }
  await box.evidence({ committed: 3, end: 2 });
  await expect(box.totals()).resolves.toMatchObject({ lockedKeys: 0, heldMessages: 0 });
});
