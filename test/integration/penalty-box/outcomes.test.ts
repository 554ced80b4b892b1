import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redirect } from '../../../src/penalty-box/gate-box.ts';
import { announced, BACKOFF, BEGIN, BoxBench, copyOf, fresh, originOf } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

describe('outcomes', () => {
  test('a first failure locks its key, and the same failure told again gets the same answer', async () => {
    const box = await bench.shard();
    await box.claim();
    const first = await box.fail(fresh('a', 5), { fatal: true, retryAfter: 50 });
    expect(first).toEqual({
      kind: 'redirect',
      attempt: 1,
      errorClass: 'Boom',
      errorMessage: 'it broke',
      fatal: true,
      claim: box.claimed?.claimEpoch,
      notBefore: BEGIN + 50,
    });
    box.time += 10;
    expect(await box.fail(fresh('a', 5), { errorClass: 'Other' })).toEqual(first);
    expect(await box.entries('a')).toEqual(['5 pending']);
  });

  test('while the breaker is open a new failure is refused and changes nothing; all else goes on', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    const [job] = await box.deliver(10);
    box.blocking = { retryAfterMs: 700, takesOne: false };
    const before = await box.totals();
    expect(await box.fail(fresh('b', 9))).toEqual({ kind: 'block', retryAfterMs: 700 });
    expect(await box.fail(fresh('a', 6))).toEqual({ kind: 'stale' });
    expect(await box.totals()).toEqual(before);
    expect(await box.view('b')).toBeNull();

    expect(await box.fail(job!)).toMatchObject({ kind: 'recorded', attempt: 2 });
    // What is locked goes on being announced: its consumer does not try it.
    expect(await box.verdicts(fresh('a', 12))).toEqual(['redirect']);
    box.blocking = null;
    expect(await box.fail(fresh('b', 9))).toMatchObject({ kind: 'redirect', attempt: 1 });
  });

  test('while the breaker stays open, a partition without a locked key has one failure taken, and the next ones refused', async () => {
    const box = await bench.shard();
    await box.claim();
    box.blocking = { retryAfterMs: 700, takesOne: true };
    expect(await box.fail(fresh('poison', 3))).toMatchObject({ kind: 'redirect', attempt: 1 });
    expect(await box.fail(fresh('b', 4))).toMatchObject({ kind: 'block' });
    await box.read(announced('poison', 3, (await box.fail(fresh('poison', 3))) as Redirect));
    expect(await box.fail(fresh('b', 4))).toMatchObject({ kind: 'block' });
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(10)));
    expect(await box.fail(fresh('b', 4))).toMatchObject({ kind: 'redirect', attempt: 1 });
  });

  test('a first failure of what is held, in flight or decided is stale', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    expect([await box.fail(fresh('a', 5)), await box.fail(fresh('a', 3))]).toEqual([
      { kind: 'stale' },
      { kind: 'stale' },
    ]);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    expect(await box.fail(fresh('a', 5))).toEqual({ kind: 'stale' });
    expect(await box.entries('a')).toEqual(['6 held']);
  });

  test('a failure waits for the backoff of its own attempt, jitter included, and never less', async () => {
    const box = await bench.shard({
      backoff: { kind: 'exponential', initial: 1_000, multiplier: 3, max: 5_000, jitter: 0.5 },
    });
    box.random = 0.5;
    await box.lock('a', 5);
    box.time += BACKOFF;
    for (const [attempt, delay] of [
      [2, 3_750],
      [3, 6_250],
      [4, 6_250],
    ] as const) {
      const [job] = await box.deliver(50);
      expect(await box.fail(job!)).toEqual({ kind: 'recorded', attempt, nextAttemptAt: box.time + delay });
      box.time += delay - 1;
      expect(await box.release()).toEqual([]);
      box.time += 1;
    }
  });

  test('the handler may ask for a longer wait, not for a shorter one', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    expect(await box.fail(job!, { retryAfter: 90_000 })).toMatchObject({ nextAttemptAt: box.time + 90_000 });
    box.time += 90_000;
    const [again] = await box.deliver(51);
    expect(await box.fail(again!, { retryAfter: 1 })).toMatchObject({
      nextAttemptAt: box.time + 4 * BACKOFF,
    });
  });

  test('a failure recalls the entries released with it; they burn no attempts', async () => {
    const box = await bench.shard();
    await box.lock('a', 1, 2, 3, 4, 5);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    await box.succeed(...(await box.deliver(51)));
    const [third, fourth] = await box.deliver(52);
    expect([originOf(third!), originOf(fourth!)]).toEqual([3, 4]);
    await box.verdicts(third!, fourth!);
    await box.fail(third!);
    expect(await box.fail(fourth!)).toEqual({ kind: 'stale' });
    expect(await box.verdicts(fourth!)).toEqual(['skip']);
    expect((await box.view('a'))?.entries).toMatchObject([
      { offset: 3, state: 'held', attempt: 1 },
      { offset: 4, state: 'held', attempt: 0 },
      { offset: 5, state: 'held', attempt: 0 },
    ]);
    expect(await box.totals()).toMatchObject({ inFlight: 0 });
  });

  test('after a failure the head is probed alone again', async () => {
    const box = await bench.shard();
    await box.lock('a', 1, 2, 3, 4, 5);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    await box.succeed(...(await box.deliver(51)));
    const [third] = await box.deliver(52);
    await box.fail(third!);
    box.time += BACKOFF;
    expect((await box.release()).map(originOf)).toEqual([3]);
  });

  test('the success of a recalled copy counts, and does not hurry the head that waits', async () => {
    const box = await bench.shard();
    await box.lock('a', 1, 2, 3, 4, 5, 6);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    await box.succeed(...(await box.deliver(51)));
    const [third, fourth] = await box.deliver(52);
    await box.fail(third!);
    expect(await box.succeed(fourth!)).toEqual([{ kind: 'done', unlocked: false }]);
    expect(await box.view('a')).toMatchObject({ state: 'waiting', nextAttemptAt: box.time + BACKOFF });
    expect(await box.entries('a')).toEqual(['3 held', '5 held', '6 held']);
  });

  test('a success is a fact whatever the token, and told again it is the same', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    const [old] = await box.deliver(50);
    await box.evidence({ committed: 0, passed: 51 });
    const [current] = await box.deliver(51);
    expect(current?.nonce).not.toBe(old?.nonce);
    expect(await box.succeed(old!)).toEqual([{ kind: 'done', unlocked: false }]);
    expect(await box.succeed(old!, current!)).toEqual([
      { kind: 'done', unlocked: false },
      { kind: 'done', unlocked: false },
    ]);
    expect(await box.entries('a')).toEqual(['6 held']);
  });

  test('a stale failure changes nothing', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    expect((await box.fail(job!)).kind).toBe('recorded');
    const before = await box.view('a');
    expect(await box.fail(job!)).toEqual({ kind: 'stale' });
    expect(await box.view('a')).toEqual(before);
  });

  test('with the last entry resolved the lock is gone, and with it everything that was kept for it', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    expect(await box.succeed(...(await box.deliver(51)))).toEqual([{ kind: 'done', unlocked: true }]);
    await box.evidence({ committed: 7 });
    expect(await box.totals()).toMatchObject({
      lockedKeys: 0,
      heldMessages: 0,
      heldBytes: 0,
      inFlight: 0,
      pending: 0,
      knownKeys: 0,
    });
    expect([box.acquired, box.released]).toEqual([1, 1]);
    const left = await Promise.all(box.keys.map((key) => box.redis.exists(key)));
    expect(left.filter((exists) => exists === 1).length).toBeLessThanOrEqual(8);
  });

  test('a lock with a pending entry outlives the success of the others', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    await box.verdicts(fresh('a', 6));
    box.time += BACKOFF;
    expect(await box.succeed(...(await box.deliver(50)))).toEqual([{ kind: 'done', unlocked: false }]);
    expect(await box.entries('a')).toEqual(['6 pending']);
  });

  test.each([
    ['the attempts are used up', { maxAttempts: 2 }, {}],
    ['the failure is fatal', {}, { fatal: true }],
    ['it is too old', { maxAge: BACKOFF }, {}],
  ])(
    'when %s, the entry stays head and leaves for the dead-letter topic at once',
    async (_, policy, failure) => {
      const box = await bench.shard(policy);
      await box.lock('a', 5, 6);
      box.time += BACKOFF - 1;
      box.time += 1;
      const jobs = await box.deliver(50);
      // A record that has reached its age when it is due leaves without another attempt.
      const reason = jobs[0]?.deadLetter;
      if (reason === null) expect(await box.fail(jobs[0]!, failure)).toEqual({ kind: 'deadLettered' });
      else expect(reason).toBe('expired');
      const letters = reason === null ? await box.release() : jobs;
      expect(letters.map((job) => [originOf(job), job.deadLetter !== null])).toEqual([[5, true]]);
      expect((await box.view('a'))?.entries).toMatchObject([{ state: 'dead-lettering' }, { state: 'held' }]);
    },
  );

  test('a failure under another claim is refused for a fresh record, and counts for a redelivered one', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    const old = box.claimed!;
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    await box.claim({ consumerId: 'other' });
    const failure = { errorClass: '', errorMessage: '', fatal: false, retryAfter: 0 };
    await expect(
      box.tryTell(
        [
          { ...copyOf(job!), failure },
          { ...fresh('b', 9), failure },
        ],
        old,
      ),
    ).resolves.toEqual({ ok: false, refused: 'FENCED' });
    await expect(box.tryTell([{ ...copyOf(job!), failure }], old)).resolves.toMatchObject({
      value: [{ kind: 'recorded', attempt: 2 }],
    });
  });

  test('outcomes are taken in order, each after the effects of those before it', async () => {
    const box = await bench.shard();
    await box.lock('a', 1, 2, 3, 4);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    await box.succeed(...(await box.deliver(51)));
    const [third, fourth] = await box.deliver(52);
    const results = await box.tell(
      { ...copyOf(third!), failure: null },
      { ...copyOf(fourth!), failure: null },
      { ...fresh('a', 9), failure: { errorClass: '', errorMessage: '', fatal: false, retryAfter: 0 } },
    );
    expect(results).toMatchObject([
      { kind: 'done', unlocked: false },
      { kind: 'done', unlocked: true },
      { kind: 'redirect', attempt: 1 },
    ]);
  });
});
