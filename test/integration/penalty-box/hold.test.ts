import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BACKOFF, BoxBench, fresh } from '../../support/penalty-box.ts';
import type { BoxShard } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

const HOLD_FOR = 5_000;

/** The claimant can hold, and of key a the records 5 and those behind it are in the box. */
async function locked(...behind: readonly number[]): Promise<BoxShard> {
  const box = await bench.shard();
  await box.claim({ canHold: true });
  await box.lock('a', 5, ...behind);
  box.time += BACKOFF;
  return box;
}

describe('hold: the hand-off at the tail', () => {
  test('while every entry of the key is in flight its fresh records are held, and nothing is announced', async () => {
    const box = await locked();
    const [job] = await box.deliver(50);
    const before = await box.view('a');
    expect(await box.verdicts(fresh('a', 6), fresh('a', 7), fresh('b', 8))).toEqual([
      'hold',
      'hold',
      'process',
    ]);
    expect(await box.view('a')).toEqual(before);
    expect(await box.totals()).toMatchObject({ pending: 0, heldMessages: 1 });
    // The outcome that unlocks the key makes them the next ones.
    expect(await box.succeed(job!)).toEqual([{ kind: 'done', unlocked: true }]);
    expect(await box.verdicts(fresh('a', 6), fresh('a', 7))).toEqual(['process', 'process']);
  });

  test('only for a claim that can hold, and only as long as that claim', async () => {
    const box = await locked();
    await box.deliver(50);
    expect(await box.verdicts(fresh('a', 6))).toEqual(['hold']);
    await box.claim({ consumerId: 'another' });
    expect(await box.verdicts(fresh('a', 6))).toEqual(['redirect']);
  });

  test('not for a record that says that it can not be held any longer', async () => {
    const box = await locked();
    await box.deliver(50);
    expect(await box.verdicts({ ...fresh('a', 6), mayHold: false })).toEqual(['redirect']);
    // Something is pending now: all that comes behind it goes the same way.
    expect(await box.verdicts(fresh('a', 7))).toEqual(['redirect']);
  });

  test('not while an entry waits behind those in flight, nor when one has failed', async () => {
    const box = await locked(6);
    const [job] = await box.deliver(50);
    expect(await box.verdicts(fresh('a', 7))).toEqual(['redirect']);
    const other = await locked();
    const [head] = await other.deliver(50);
    expect(await other.verdicts(fresh('a', 6))).toEqual(['hold']);
    await other.fail(head!);
    expect(await other.verdicts(fresh('a', 6))).toEqual(['redirect']);
    expect(job).toBeDefined();
  });

  test('what is in the box, or decided, is told so first', async () => {
    const box = await locked(6);
    await box.succeed(...(await box.deliver(50)));
    await box.deliver(60);
    expect(await box.verdicts(fresh('a', 5), fresh('a', 6), fresh('a', 7))).toEqual(['skip', 'skip', 'hold']);
  });

  test('not before an entry that stands behind it', async () => {
    const box = await bench.shard();
    await box.claim({ canHold: true });
    await box.read({ origin: 9 });
    box.time += BACKOFF;
    await box.deliver(50);
    expect(await box.verdicts(fresh('a', 8))).toEqual(['redirect']);
    // It comes before what is in flight, which has to wait for it.
    expect(await box.entries('a')).toEqual(['8 pending', '9 in-flight']);
  });

  test('a foreign message is passed like any other that was there before', async () => {
    const box = await bench.shard();
    await box.claim({ canHold: true });
    await box.read({ origin: null });
    box.time += BACKOFF;
    await box.deliver(50);
    // Its place begins with offset 0: there was nothing of the key then.
    expect(await box.verdicts(fresh('a', 0), fresh('a', 1))).toEqual(['redirect', 'redirect']);
    const other = await bench.shard();
    await other.claim({ canHold: true });
    await other.read({ origin: null });
    other.time += BACKOFF;
    await other.deliver(50);
    expect(await other.verdicts(fresh('a', 1))).toEqual(['hold']);
  });

  test('not for a key that is parked, whether it has entries or none', async () => {
    const box = await locked();
    await box.deliver(50);
    await box.act('a', 'park');
    expect(await box.verdicts(fresh('a', 6))).toEqual(['redirect']);
    await box.act('b', 'park');
    expect(await box.verdicts(fresh('b', 7))).toEqual(['redirect']);
  });

  test('not behind a message on its way to the dead-letter topic: of that no outcome tells', async () => {
    const box = await bench.shard({ maxAttempts: 1 });
    await box.claim({ canHold: true });
    await box.lock('a', 5);
    box.time += BACKOFF;
    expect(await box.release()).toMatchObject([{ deadLetter: 'exhausted' }]);
    expect(await box.verdicts(fresh('a', 6))).toEqual(['redirect']);
  });

  test(`a key's records are held for ${HOLD_FOR} ms at most, whatever their claimant says`, async () => {
    const box = await locked();
    await box.deliver(50);
    expect(await box.verdicts(fresh('a', 6))).toEqual(['hold']);
    box.time += HOLD_FOR - 1;
    expect(await box.verdicts(fresh('a', 6))).toEqual(['hold']);
    box.time += 1;
    expect(await box.verdicts(fresh('a', 6), fresh('a', 7))).toEqual(['redirect', 'redirect']);
  });

  test('a Redis that loses its data forgets that anything was held: the record is redirected or handled in its order', async () => {
    const box = await locked();
    await box.deliver(50);
    expect(await box.verdicts(fresh('a', 6))).toEqual(['hold']);
    await box.loseAndRebuild();
    await box.claim({ canHold: true, consumerId: 'after' });
    // The entry is on the ground again, and will be sent with a new token.
    expect(await box.verdicts(fresh('a', 6))).toEqual(['redirect']);
  });
});
