import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BACKOFF, BEGIN, BoxBench, is } from '../../support/penalty-box.ts';
import type { BoxShard } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

/** The record by which a dead letter comes again. */
const redriven = (origin: number | null, redrive: string) => ({ origin, redrive, attempt: 0, delay: 0 });

/** The head fails for good and is acknowledged by the dead-letter topic. */
async function deadLetterHead(box: BoxShard, hold = false): Promise<void> {
  box.time += BACKOFF;
  const [job] = await box.deliver(10);
  await box.admit(job!);
  await box.fail(job!, { fatal: true });
  const letters = await box.release();
  expect(letters.map(({ deadLetter }) => deadLetter)).toEqual(['fatal']);
  is(await box.owner.bury(letters, hold));
}

describe('a redrive', () => {
  test('makes a new entry of what was decided long ago, due at once and with no attempt made', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    await deadLetterHead(box);
    expect(await box.view('a')).toBeNull();

    await box.read(redriven(5, 'job/0/17'));
    expect(await box.view('a')).toMatchObject({
      state: 'waiting',
      attempt: 0,
      nextAttemptAt: box.time,
      entries: [{ offset: 5, attempt: 0, firstFailedAt: null }],
    });
    const [job] = await box.deliver(20);
    expect(await box.verdicts(job!)).toEqual(['process']);
    expect(await box.succeed(job!)).toEqual([{ kind: 'done', unlocked: true }]);
  });

  test('counts once for each id, also when its entry has gone', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    await deadLetterHead(box);
    await box.read(redriven(5, 'job/0/17'));
    expect(await box.read(redriven(5, 'job/0/17'))).toMatchObject({ duplicate: 1, behind: 0 });
    const [job] = await box.deliver(20);
    await box.succeed(job!);
    expect(await box.read(redriven(5, 'job/0/17'))).toMatchObject({ duplicate: 1, behind: 0 });
    expect(await box.view('a')).toBeNull();
    expect(await box.read(redriven(5, 'later/0/17'))).toMatchObject({ duplicate: 0, behind: 1 });
    expect(await box.entries('a')).toEqual(['5 held']);
  });

  test('of a foreign origin counts once for each id too', async () => {
    const box = await bench.shard();
    expect(await box.read(redriven(null, 'j/0/1'), redriven(null, 'j/0/1'))).toMatchObject({
      behind: 1,
      duplicate: 1,
    });
    expect((await box.view('a'))?.entries).toHaveLength(1);
  });

  test('takes its place before what waits already, and recalls nothing that is not behind it', async () => {
    const box = await bench.shard();
    await box.lock('a', 5);
    await deadLetterHead(box);
    await box.lock('a', 8, 9);
    await box.read(redriven(5, 'j/0/1'));
    expect(await box.entries('a')).toEqual(['5 held', '8 held', '9 held']);
    expect((await box.view('a'))?.nextAttemptAt).toBe(box.time);
  });

  test('of a message that is being tried anyway changes nothing', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    const before = await box.view('a');
    expect(await box.read(redriven(5, 'j/0/1'))).toMatchObject({ duplicate: 1 });
    expect(await box.view('a')).toEqual(before);

    box.time += BACKOFF;
    const [job] = await box.deliver(10);
    expect(await box.read(redriven(5, 'j/0/2'))).toMatchObject({ duplicate: 1 });
    expect(await box.verdicts(job!)).toEqual(['process']);
  });

  test('of the marker that holds a key frees the key, and the age counts from its next failure', async () => {
    const box = await bench.shard({ maxAge: 10_000 });
    await box.lock('a', 5, 6);
    await deadLetterHead(box, true);
    expect(await box.view('a')).toMatchObject({ state: 'parked' });
    box.time += 60_000;

    await box.read(redriven(5, 'j/0/1'));
    expect(await box.view('a')).toMatchObject({
      state: 'waiting',
      attempt: 0,
      entries: [{ offset: 5 }, { offset: 6 }],
    });
    expect(await box.totals()).toMatchObject({ parked: 0, heldMessages: 2 });
    const [job] = await box.deliver(20);
    expect(job).toMatchObject({ deadLetter: null, attempt: 0 });
  });

  test('leaves a key parked that an operator parked', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    await deadLetterHead(box);
    await box.act('a', 'park');
    await box.read(redriven(5, 'j/0/1'));
    expect(await box.view('a')).toMatchObject({ state: 'parked', nextAttemptAt: null });
    await box.act('a', 'unpark');
    expect((await box.view('a'))?.nextAttemptAt).toBe(box.time);
  });

  test('that comes before its dead letter is noted is not lost with it', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    box.time += BACKOFF;
    const [job] = await box.deliver(10);
    await box.admit(job!);
    await box.fail(job!, { fatal: true });
    const letters = await box.release();

    // Somebody saw it in the topic and sent it again before the box heard of its acknowledgement.
    await box.read(redriven(5, 'j/0/1'));
    is(await box.owner.bury(letters, false));
    expect(await box.entries('a')).toEqual(['5 held', '6 held']);
    const [again] = await box.deliver(20);
    expect(again).toMatchObject({ deadLetter: null, attempt: 0 });
    expect(await box.totals()).toMatchObject({ inFlight: 1, lockedKeys: 1 });
  });

  describe('outlives a Redis that forgets everything', () => {
    const told = [
      ['when its past was told to Kafka', true],
      ['when nothing was', false],
    ] as const;

    test.each(told)('%s', async (_, journalled) => {
      const box = await bench.shard();
      await box.lock('a', 5, 6);
      await deadLetterHead(box);
      if (journalled) await box.journal();
      await box.read(redriven(5, 'j/0/1'));
      if (!journalled) await box.journal();

      await box.loseAndRebuild();
      expect((await box.view('a'))?.entries).toMatchObject([
        { offset: 5, attempt: 0, state: 'held' },
        { offset: 6, state: 'held' },
      ]);
      expect(await box.read(redriven(5, 'j/0/1'))).toMatchObject({ duplicate: 1 });
    });

    test('when it has succeeded since', async () => {
      const box = await bench.shard();
      await box.lock('a', 5);
      await deadLetterHead(box);
      await box.read(redriven(5, 'j/0/1'));
      const [job] = await box.deliver(20);
      await box.succeed(job!);
      await box.journal();
      await box.loseAndRebuild();
      expect(await box.view('a')).toBeNull();
    });

    test('when it stands for the marker that held its key', async () => {
      const box = await bench.shard();
      await box.lock('a', 5, 6);
      await deadLetterHead(box, true);
      await box.journal();
      await box.read(redriven(5, 'j/0/1'));
      await box.loseAndRebuild();
      expect(await box.view('a')).toMatchObject({ state: 'waiting', attempt: 0 });
      expect(await box.totals()).toMatchObject({ parked: 0, heldMessages: 2 });
    });

    test('when it changed nothing, as the message was being tried anyway', async () => {
      const box = await bench.shard();
      await box.lock('a', 5, 6);
      box.time += BACKOFF;
      const [job] = await box.deliver(10);
      await box.admit(job!);
      await box.fail(job!);
      await box.read(redriven(5, 'j/0/1'));
      await box.journal();
      await box.loseAndRebuild();
      expect((await box.view('a'))?.entries).toMatchObject([{ offset: 5, attempt: 2 }, { offset: 6 }]);
    });
  });

  test('is told of by the copy that carries it forward', async () => {
    const box = await bench.shard();
    await box.lock('a', 5, 6);
    await deadLetterHead(box);
    await box.read(redriven(5, 'j/0/1'));
    await box.read(...(await box.carry()));
    expect(await box.entries('a')).toEqual(['5 held', '6 held']);
    await box.loseAndRebuild(3);
    expect((await box.view('a'))?.entries).toMatchObject([{ offset: 5, attempt: 0 }, { offset: 6 }]);
    expect(await box.read(redriven(5, 'j/0/1'))).toMatchObject({ duplicate: 1 });
  });

  test('is forgotten by its id after an hour', async () => {
    const box = await bench.shard();
    await box.read(redriven(5, 'j/0/1'));
    const redrivenKey = box.keys.find((key) => key.endsWith(':redriven'))!;
    expect(await box.redis.zcard(redrivenKey)).toBe(1);
    box.time = BEGIN + 3_600_000;
    await box.evidence({});
    expect(await box.redis.zcard(redrivenKey)).toBe(0);
  });
});
