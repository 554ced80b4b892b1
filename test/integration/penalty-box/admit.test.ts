import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BACKOFF, BEGIN, BoxBench, copyOf, fresh, originOf, unitOf } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

describe('admit', () => {
  test('a fresh record of a key without a lock is handled', async () => {
    const box = await bench.shard();
    await box.claim();
    expect(await box.verdicts(fresh('a', 1), fresh(null, 2))).toEqual(['process', 'process']);
    expect(await box.totals()).toMatchObject({ lockedKeys: 0, pending: 0 });
  });

  test('a fresh record behind a lock is announced, and told the same again when it is asked for again', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    const [first] = await box.admit(fresh('a', 6));
    expect(first).toMatchObject({ kind: 'redirect', attempt: 0, claim: box.claimed?.claimEpoch });
    await box.claim({ consumerId: 'other' });
    expect(await box.admit(fresh('a', 6))).toEqual([first]);
    expect(await box.entries('a')).toEqual(['5 held', '6 pending']);
  });

  test('a fresh record that is held, in flight or decided is skipped', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    await box.deliver(50);
    expect(await box.verdicts(fresh('a', 5), fresh('a', 6), fresh('a', 4))).toEqual(['skip', 'skip', 'skip']);
  });

  test('what lies above the known origins of an unlocked key is handled, what lies below is not', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    expect(await box.view('a')).toBeNull();
    expect(await box.verdicts(fresh('a', 5), fresh('a', 6))).toEqual(['skip', 'process']);
  });

  test('a lock of another tool knows nothing: what is not in the box is redirected', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.read({ origin: 9 });
    expect(await box.verdicts(fresh('a', 4), fresh('a', 9))).toEqual(['redirect', 'skip']);
    expect(await box.entries('a')).toEqual(['4 pending', '9 held']);
  });

  test('a key waits for its head while that is only pending', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.read({ origin: 9 });
    await box.verdicts(fresh('a', 4));
    box.time += 100 * BACKOFF;
    expect(await box.release()).toEqual([]);
    expect((await box.view('a'))?.nextAttemptAt).toBeNull();
  });

  test('the records of a window are admitted together, in order', async () => {
    const box = await bench.shard();
    const jobs = await windowOf(box, 3);
    expect(await box.verdicts(...jobs)).toEqual(['process', 'process', 'process']);
  });

  test('a window is admitted again as a whole', async () => {
    const box = await bench.shard();
    const jobs = await windowOf(box, 3);
    await box.verdicts(...jobs);
    expect(await box.verdicts(...jobs)).toEqual(['process', 'process', 'process']);
  });

  test('a redelivered record whose turn it is not loses its token and comes again', async () => {
    const box = await bench.shard();
    const [first, second, third] = await windowOf(box, 3);
    expect(await box.verdicts(second!)).toEqual(['skip']);
    expect(await box.verdicts(first!, second!, third!)).toEqual(['process', 'skip', 'skip']);
    await box.succeed(first!);
    const again = await box.deliver(200);
    expect(again.map(originOf).slice(0, 2)).toEqual([originOf(second!), originOf(third!)]);
    expect(again[0]?.nonce).not.toBe(second?.nonce);
  });

  test('what was admitted by an earlier request does not let a later record pass', async () => {
    const box = await bench.shard();
    const [first, second] = await windowOf(box, 2);
    expect(await box.verdicts(first!)).toEqual(['process']);
    expect(await box.verdicts(second!)).toEqual(['skip']);
  });

  test('an earlier record that is only announced stops the ones behind it', async () => {
    const box = await bench.shard();
    await box.claim();
    await box.read({ origin: 9 });
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    expect(await box.verdicts(fresh('a', 4), job!)).toEqual(['redirect', 'skip']);
  });

  test('any other token is skipped', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    const copy = copyOf(job!);
    const place = job!.id.subarray(6);
    expect(
      await box.verdicts(
        { ...copy, token: { place, nonce: 'other' } },
        { ...copy, token: 'unreadable' },
        { ...copy, unit: unitOf('b', 0) },
      ),
    ).toEqual(['skip', 'skip', 'skip']);
    expect(await box.verdicts(job!)).toEqual(['process']);
  });

  test('the entry is found by the token, whatever the offset says', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    expect(await box.verdicts({ ...copyOf(job!), origin: 6 })).toEqual(['process']);
  });

  test('records are judged in order, each after the effects of those before it', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    expect(await box.verdicts(fresh('a', 6), fresh('a', 6), fresh('b', 7), fresh('a', 6))).toEqual([
      'redirect',
      'redirect',
      'process',
      'redirect',
    ]);
    expect(await box.totals()).toMatchObject({ pending: 1 });
  });

  test('another claim is refused as a whole where a fresh record is among them, and not otherwise', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    const old = box.claimed!;
    await box.claim({ consumerId: 'other' });
    box.time += BACKOFF;
    const [job] = await box.deliver(50);
    const refused = { ok: false, refused: 'FENCED' };
    await expect(box.tryAdmit([copyOf(job!), fresh('a', 6)], old)).resolves.toEqual(refused);
    expect(await box.totals()).toMatchObject({ pending: 0 });
    await expect(box.tryAdmit([copyOf(job!)], old)).resolves.toMatchObject({ value: [{ kind: 'process' }] });
  });

  test('another incarnation is not answered, even if the claim is another one too', async () => {
    const box = await bench.shard();
    const claim = await box.claim();
    const lost = { ...claim, incarnation: 'x:y', claimEpoch: '1' };
    await expect(box.tryAdmit([fresh('a', 1)], lost)).resolves.toEqual({ ok: false, refused: 'NOT_READY' });
  });

  test('an entry that was not answered before is admitted alone of its request', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    await box.lock('b', 6);
    await box.lock('c', 7);
    box.time += BACKOFF;
    const jobs = await box.deliver(50);
    expect(await box.verdicts(...jobs)).toEqual(['process', 'process', 'process']);
    expect(await box.claim({ consumerId: 'other', committed: 50 })).toMatchObject({ unansweredOffset: 50 });

    // The first has a count now: nothing is admitted with it, and it with nothing, however often it is asked for.
    const [first, second, third] = jobs;
    expect(await box.verdicts(second!, first!)).toEqual(['process', 'skip']);
    const [again] = await box.deliver(60);
    expect(originOf(again!)).toBe(originOf(first!));
    expect(await box.verdicts(again!, third!, again!, second!)).toEqual([
      'process',
      'skip',
      'process',
      'skip',
    ]);
  });

  test('a null key is a unit of its own', async () => {
    const box = await bench.shard();
    await box.lock(null, 5);
    expect(await box.verdicts(fresh(null, 5), fresh(null, 6))).toEqual(['skip', 'process']);
    box.time += BACKOFF;
    await box.succeed(...(await box.deliver(50)));
    expect(await box.verdicts(fresh(null, 5))).toEqual(['skip']);
  });

  test('keys are bytes: those that begin or look alike are strangers', async () => {
    const box = await bench.shard();
    await box.lock('n7', 1);
    await box.lock('', 2);
    expect(await box.verdicts(fresh(null, 7), fresh('n', 8), fresh('n7', 9), fresh('', 10))).toEqual([
      'process',
      'process',
      'redirect',
      'redirect',
    ]);
    const bytes = { ...fresh('a', 11), unit: Buffer.from([0x6b, 0xff, 0x00, 0xfe]) };
    expect((await box.fail(bytes)).kind).toBe('redirect');
    expect(await box.verdicts({ ...bytes, origin: 12 }, fresh('a', 13))).toEqual(['redirect', 'process']);
    expect(await box.view('a')).toBeNull();
  });

  test('time alone changes no verdict', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    box.time = BEGIN + 1e9;
    expect(await box.verdicts(fresh('a', 6))).toEqual(['redirect']);
  });
});

/** A draining key whose next `count` entries are on their way. */
async function windowOf(box: Awaited<ReturnType<BoxBench['shard']>>, count: number) {
  await box.lock('a', 1, ...Array.from({ length: 20 }, (_, i) => i + 2));
  box.time += BACKOFF;
  let offset = 50;
  for (;;) {
    const jobs = await box.deliver(offset, count);
    if (jobs.length === count) return jobs;
    offset += jobs.length;
    await box.verdicts(...jobs);
    await box.succeed(...jobs);
  }
}
