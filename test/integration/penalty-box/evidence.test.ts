import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redirect } from '../../../src/penalty-box/gate-box.ts';
import {
  announced,
  BACKOFF,
  BoxBench,
  copyOf,
  fresh,
  is,
  originOf,
  unitOf,
} from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

describe('evidence', () => {
  test('a pending entry is reaped only below the committed offset and after the retry topic was read to its end', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.fail(fresh('a', 5));
    expect((await box.evidence({ committed: 5 })).reaped).toEqual([]);
    box.time += 1e9;
    expect((await box.evidence({ committed: -1 })).reaped).toEqual([]);
    await expect(
      box.owner.evidence(true, { committed: 6, end: 1, passed: -1, first: -1, redeliveryEnd: -1 }),
    ).resolves.toEqual({
      kind: 'behind',
    });
    expect(await box.entries('a')).toEqual(['5 pending']);
    expect((await box.evidence({ committed: 6 })).reaped).toEqual([5]);
    expect(await box.totals()).toMatchObject({ lockedKeys: 0, pending: 0, knownKeys: 0 });
  });

  test('a reaped head makes way for the next entry', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.read({ origin: 9 });
    await box.verdicts(fresh('a', 4));
    expect((await box.evidence({ committed: 5 })).reaped).toEqual([4]);
    expect((await box.view('a'))?.nextAttemptAt).toBe(box.time + BACKOFF);
  });

  test('what arrived is never reaped, however long it waits', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += 1e9;
    expect((await box.evidence({ committed: 1_000 })).reaped).toEqual([]);
    expect(await box.entries('a')).toEqual(['5 held']);
  });

  test('with a gate, a copy that the group passed without an outcome is delivered again', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    expect((await box.evidence({ passed: 50 })).redelivered).toBe(0);
    expect((await box.evidence({ passed: 51 })).redelivered).toBe(1);
    expect(await box.verdicts(job!)).toEqual(['skip']);
    expect((await box.deliver(60)).map(originOf)).toEqual([5]);
  });

  test('a copy that was admitted and nobody noted where it lies lies below the end seen after that', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.release();
    expect(await box.verdicts(job!)).toEqual(['process']);
    await box.takeOver();
    await box.evidence({ passed: 60, redeliveryEnd: 51 });
    await box.evidence({ passed: 60, redeliveryEnd: 53 });
    expect((await box.evidence({ passed: 52, redeliveryEnd: 70 })).redelivered).toBe(0);
    expect((await box.evidence({ passed: 53, redeliveryEnd: 70 })).redelivered).toBe(1);
    expect((await box.deliver(80)).map(originOf)).toEqual([5]);
  });

  test('where a copy lies that nobody has admitted is left to its publisher', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.release();
    for (let i = 0; i < 3; i++) await box.evidence({ passed: 60, redeliveryEnd: 51 });
    expect(await box.verdicts(job!)).toEqual(['process']);
  });

  test('a copy that retention removed before the group reached it is delivered again', async () => {
    for (const gated of [true, false]) {
      const box = await bench.shard({ gated, window: 1 });
      await box.read({ origin: 5 });
      box.time += BACKOFF;
      await box.deliver(50);
      expect((await box.evidence({ passed: 40, first: 50 })).redelivered).toBe(0);
      expect(await box.evidence({ passed: 40, first: 51 })).toMatchObject({ redelivered: 1, succeeded: 0 });
    }
  });

  test('without a gate, a copy that the group passed and that did not come back has succeeded', async () => {
    const box = await bench.shard({ gated: false, window: 1 });
    await box.read({ origin: 5 }, { origin: 6, attempt: 0, delay: 0 });
    box.time += BACKOFF;
    await box.deliver(50);
    expect(await box.evidence({ committed: 50, passed: 50 })).toMatchObject({ succeeded: 0, redelivered: 0 });
    expect(await box.evidence({ committed: 51, passed: 51 })).toMatchObject({ succeeded: 1 });
    expect(await box.entries('a')).toEqual(['6 held']);
    expect((await box.deliver(60)).map(originOf)).toEqual([6]);
  });

  test('entries whose copies nobody knows of do not hide those that were passed', async () => {
    const box = await bench.shard();
    const count = 1_001;
    await box.read(
      ...Array.from({ length: count }, (_, i) => ({ unit: unitOf(`k${String(i)}`, 0), origin: i })),
    );
    box.time += BACKOFF;
    await box.release(count);
    await box.read({ unit: unitOf('last', 0), origin: count });
    box.time += BACKOFF;
    await box.deliver(50);
    expect(await box.evidence({ passed: 51 })).toMatchObject({ redelivered: 1, more: false });
  });

  test('the checkpoint never passes an unresolved record nor one whose origin the group has not committed past', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    await box.lock('b', 7);
    expect((await box.evidence({ committed: 5 })).checkpoint).toBe(0);
    box.time += BACKOFF;
    const [five] = (await box.deliver(50)).sort((a, b) => originOf(a) - originOf(b));
    await box.succeed(five!);
    expect((await box.evidence({ committed: 5 })).checkpoint).toBe(0);
    expect((await box.evidence({ committed: 6 })).checkpoint).toBe(1);
    await box.succeed(...(await box.deliver(60)));
    expect((await box.evidence({ committed: 100 })).checkpoint).toBe(2);
  });

  test('the checkpoint reaches the end when all is resolved, whatever came twice or too late', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    await box.read({ origin: 5 }, { origin: 3, announced: true });
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    expect((await box.evidence({ committed: 6 })).checkpoint).toBe(3);
    await box.lock('a', 9);
    expect((await box.evidence({ committed: 10 })).checkpoint).toBe(3);
  });

  test('what is resolved by the same evidence lets the checkpoint go on at once', async () => {
    const box = await bench.shard({ gated: false, window: 1 });
    await box.read({ origin: 5 });
    box.time += BACKOFF;
    await box.deliver(50);
    expect(await box.evidence({ committed: 51, passed: 51 })).toMatchObject({ succeeded: 1, checkpoint: 1 });
  });

  test('the checkpoint stays exact over more records than its index is cut at', async () => {
    const box = await bench.shard();
    await box.read({ origin: 1 });
    for (const jump of [300_000, 600_000]) {
      is(await box.owner.ingest(box.end, jump, true, []));
      box.end = jump;
      await box.read({ unit: unitOf(`k${String(jump)}`, 0), origin: jump });
    }
    await box.claim();
    expect((await box.evidence({ committed: 9 })).checkpoint).toBe(0);
    box.time += BACKOFF;
    const jobs = await box.deliver(50);
    await box.succeed(...jobs.filter((job) => originOf(job) === 1));
    expect((await box.evidence({ committed: 1_000_000 })).checkpoint).toBe(300_000);
    await box.succeed(...jobs.filter((job) => originOf(job) === 300_000));
    expect((await box.evidence({ committed: 1_000_000 })).checkpoint).toBe(600_000);
    await box.succeed(...jobs);
    expect((await box.evidence({ committed: 1_000_000 })).checkpoint).toBe(600_001);
  });

  test('a known key is forgotten as soon as the group has committed past it, and its records are handled again', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    expect((await box.evidence({ committed: 5 })).forgotten).toBe(0);
    expect(await box.verdicts(fresh('a', 5))).toEqual(['skip']);
    expect((await box.evidence({ committed: 6 })).forgotten).toBe(1);
    expect(await box.verdicts(fresh('a', 5))).toEqual(['process']);
  });

  test('what was forgotten stays so when the offsets are set back, of locked keys too', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    await box.evidence({ committed: 7 });
    await box.evidence({ committed: 0 });
    expect(await box.verdicts(fresh('a', 5), fresh('a', 6))).toEqual(['redirect', 'skip']);
  });

  test('known origins that were not forgotten outlive a step back', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    await box.evidence({ committed: 6 });
    await box.evidence({ committed: 3 });
    expect(await box.verdicts(fresh('a', 5))).toEqual(['skip']);
  });
});

describe('takeover', () => {
  test('it withdraws only what is neither acknowledged nor admitted', async () => {
    const box = await bench.shard({ maxAttempts: 2 });
    for (const [i, key] of ['sent', 'admitted', 'unknown'].entries()) await box.lock(key, i);
    await box.read({ unit: unitOf('letter', 0), origin: 9, attempt: 2, failedAt: box.time });
    box.time += BACKOFF;
    const jobs = await box.release();
    const of = (key: string) => jobs.find((job) => job.unit.equals(unitOf(key, 0)))!;
    is(await box.owner.acknowledge([{ job: of('sent'), offset: 50 }]));
    await box.verdicts(of('admitted'));
    const { cursor, nextDue } = await box.takeOver();
    expect([cursor, nextDue]).toEqual([4, box.time]);
    const states = await Promise.all(
      ['sent', 'admitted', 'unknown', 'letter'].map((key) => box.entries(key)),
    );
    expect(states.flat()).toEqual(['0 in-flight', '1 in-flight', '2 held', '9 held']);
    expect(
      (await box.release()).map(({ unit, deadLetter }) => `${String(unit)} ${String(deadLetter)}`).sort(),
    ).toEqual(['kletter exhausted', 'kunknown null']);
    expect(await box.verdicts(of('unknown'))).toEqual(['skip']);
  });

  test('a whole window that was being published is taken back', async () => {
    const box = await bench.shard();
    await box.lock('a', 1, 2, 3, 4);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    await box.succeed(...(await box.deliver(51)));
    expect(await box.release()).toHaveLength(2);
    await box.takeOver();
    expect(await box.view('a')).toMatchObject({ nextAttemptAt: box.time });
    expect(await box.totals()).toMatchObject({ inFlight: 0 });
  });

  test('every call of an owner before is refused, and changes nothing', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    const old = box.owner;
    await box.takeOver();
    const before = [await box.view('a'), await box.totals()];
    const refused = { kind: 'fenced' };
    await expect(old.ingest(1, 2, true, [])).resolves.toEqual(refused);
    await expect(old.release(10, box.policy, 'x')).resolves.toEqual(refused);
    await expect(old.acknowledge([{ job: job!, offset: 51 }])).resolves.toEqual(refused);
    await expect(old.withdraw([{ job: job!, notBefore: 0 }])).resolves.toEqual(refused);
    await expect(old.bury([job!], false)).resolves.toEqual(refused);
    await expect(
      old.evidence(true, { committed: 9, end: 0, passed: 99, first: 0, redeliveryEnd: -1 }),
    ).resolves.toEqual(refused);
    await expect(old.reset(0)).resolves.toEqual(refused);
    await expect(old.stamp('x')).resolves.toEqual(refused);
    expect([await box.view('a'), await box.totals()]).toEqual(before);
  });

  test('an epoch never goes back, whatever the clock does', async () => {
    const box = await bench.shard();
    const first = Number(box.owner.ownerEpoch);
    box.time -= 1e6;
    await box.takeOver();
    expect(Number(box.owner.ownerEpoch)).toBe(first + 1);
  });
});

describe('a Redis that lost the shard', () => {
  test('nothing is answered until the shard is reset, read again and stamped', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    const claim = box.claimed!;
    await box.flush();
    const refused = { ok: false, refused: 'NOT_READY' };
    const everybody = async (): Promise<unknown[]> => [
      await box.tryAdmit([fresh('a', 7)], claim),
      await box.tryTell([{ ...fresh('a', 7), failure: null }], claim),
      await box.tryClaim({ end: 0 }),
    ];
    expect(await everybody()).toEqual([refused, refused, refused]);
    expect(await box.renew()).toMatchObject({ status: 'claim-again' });
    await expect(box.totals()).rejects.toMatchObject({ code: 'NOT_READY' });
    await expect(box.act('a', 'park')).rejects.toMatchObject({ code: 'NOT_READY' });
    await expect(box.owner.release(1, box.policy, 'x')).resolves.toEqual({ kind: 'lost' });
    await expect(box.owner.ingest(2, 3, true, [])).resolves.toEqual({ kind: 'lost' });
    await expect(box.owner.stamp('x')).resolves.toEqual({ kind: 'lost' });

    expect((await box.takeOver()).cursor).toBeNull();
    is(await box.owner.reset(0));
    expect(await everybody()).toEqual([refused, refused, refused]);
    await expect(box.owner.release(1, box.policy, 'x')).resolves.toEqual({ kind: 'lost' });
    box.end = 0;
    await box.read({ origin: 5, announced: true, claim: claim.claimEpoch });
    const incarnation = await box.stamp();
    expect(incarnation).not.toBe(claim.incarnation);
    // The claim of the lost incarnation is void even though the shard answers again.
    await expect(box.tryAdmit([fresh('a', 7)], claim)).resolves.toEqual(refused);
    expect(await box.claim()).toMatchObject({ incarnation, lockedKeys: [Buffer.from('a')] });
    expect(await box.verdicts(fresh('a', 5), fresh('a', 4), fresh('a', 6))).toEqual([
      'skip',
      'skip',
      'redirect',
    ]);
  });

  test('the stamp of another server process is none', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.redis.hset(box.keys[0]!, 'incarnation', 'another:stamp1');
    await expect(box.tryAdmit([fresh('a', 1)])).resolves.toEqual({ ok: false, refused: 'NOT_READY' });
    expect((await box.takeOver()).cursor).toBeNull();
    await expect(box.owner.stamp('x')).resolves.toEqual({ kind: 'lost' });
  });

  test('what another version of the service stored in another form is read by nobody, and rebuilt', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    await box.redis.hset(box.keys[0]!, 'layout', 'another');
    await expect(box.tryAdmit([fresh('a', 9)])).resolves.toEqual({ ok: false, refused: 'NOT_READY' });
    await expect(box.owner.release(1, box.policy, 'x')).resolves.toEqual({ kind: 'lost' });
    await box.loseAndRebuild();
    expect(await box.entries('a')).toEqual(['5 held']);
  });

  test('what is left of the lost state is deleted, and nothing of it comes back', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    await box.act('b', 'park');
    await box.redis.hdel(box.keys[0]!, 'incarnation');
    await box.rebuild(0);
    expect(await box.totals()).toEqual({
      lockedKeys: 0,
      heldMessages: 0,
      heldBytes: 0,
      inFlight: 0,
      pending: 0,
      parked: 0,
      cursor: 0,
      knownKeys: 0,
      oldestSince: null,
      youngest: expect.any(Number),
      dueNow: 0,
    });
  });

  test('an owner that took over in the middle of a rebuild begins it anew', async () => {
    const box = await bench.shard();
    await box.flush();
    await box.takeOver();
    is(await box.owner.reset(0));
    const old = box.owner;
    expect((await box.takeOver()).cursor).toBeNull();
    await expect(old.stamp('x')).resolves.toEqual({ kind: 'fenced' });
  });

  test('during a rebuild, copies of claims before are no late copies', async () => {
    const box = await bench.shard();
    const old = await box.claim();
    await box.claim();
    await box.verdicts(fresh('b', 1));
    await box.redis.hdel(box.keys[0]!, 'incarnation');
    await box.takeOver();
    is(await box.owner.reset(0));
    box.end = 0;
    expect(await box.read({ origin: 5, announced: true, claim: old.claimEpoch })).toMatchObject({
      failed: 1,
    });
    await box.stamp();
    // Nor before the first claim of the new incarnation.
    expect(await box.read({ origin: 6, announced: true, claim: old.claimEpoch })).toMatchObject({
      failed: 1,
    });
  });

  test('a call that reports an outcome again after the loss repeats no handler run', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    await box.flush();
    await box.rebuild(0);
    box.end = 0;
    await box.claim({ end: 0 });
    const redirect = { kind: 'redirect', claim: '1', attempt: 1, fatal: false, notBefore: 0 } as Redirect;
    await box.read(announced('a', 5, redirect));
    expect(await box.succeed(copyOf(job!))).toEqual([{ kind: 'done', unlocked: true }]);
  });
});
