import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BACKOFF, BoxBench, fresh, is } from '../../support/penalty-box.ts';
import type { BoxPolicy, BoxShard } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => {
  bench = await BoxBench.open(redisUrl);
});
afterAll(() => bench[Symbol.asyncDispose]());

async function aShard(policy: Partial<BoxPolicy> = {}): Promise<BoxShard> {
  const box = await bench.shard(policy);
  await box.claim();
  return box;
}

/** The head's attempts, and how long it still has to wait. */
async function headOf(box: BoxShard, key: string) {
  const view = await box.view(key);
  const [head] = view?.entries ?? [];
  return { attempt: head?.attempt, waits: (view?.nextAttemptAt ?? NaN) - box.time };
}

describe('after a loss of Redis the journal gives back', () => {
  test('attempts, the time still to wait, and the last error', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    box.time += BACKOFF;
    const [job] = await box.deliver(100);
    await box.admit(job!);
    await box.fail(job!, { errorClass: 'Second', errorMessage: 'again' });
    box.time += 500;
    await box.journal();

    box.time += 10_000;
    await box.loseAndRebuild();

    await expect(headOf(box, 'a')).resolves.toEqual({ attempt: 2, waits: 2 * BACKOFF - 500 });
    expect((await box.view('a'))?.entries[0]?.lastError).toEqual({ class: 'Second', message: 'again' });
  });

  test('what is resolved: it is not delivered again, and its origin stays decided', async () => {
    const box = await aShard();
    await box.lock('a', 7, 8);
    await box.lock('b', 9);
    box.time += BACKOFF;
    for (const job of await box.deliver(100)) {
      await box.admit(job);
      await box.succeed(job);
    }
    await box.journal();

    await box.loseAndRebuild();
    await box.claim();

    await expect(box.entries('a')).resolves.toEqual(['8 held']);
    await expect(box.view('b')).resolves.toBeNull();
    await expect(box.verdicts(fresh('a', 7), fresh('b', 9), fresh('b', 10))).resolves.toEqual([
      'skip',
      'skip',
      'process',
    ]);
  });

  test('parks, and their end', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    await box.lock('b', 8);
    await box.act('a', 'park');
    await box.act('b', 'park');
    await box.journal();
    await box.act('b', 'unpark');
    await box.journal();

    await box.loseAndRebuild();

    await expect(box.view('a')).resolves.toMatchObject({ state: 'parked' });
    await expect(box.view('b')).resolves.toMatchObject({ state: 'waiting' });
    await expect(box.totals()).resolves.toMatchObject({ parked: 1, lockedKeys: 2 });
  });

  test('a dead letter that holds its key', async () => {
    const box = await aShard({ maxAttempts: 1 });
    await box.lock('a', 7, 8);
    box.time += BACKOFF;
    const letters = await box.release();
    await box.owner.bury(letters, true);
    await box.journal();

    await box.loseAndRebuild();

    await expect(box.view('a')).resolves.toMatchObject({ state: 'parked' });
    await expect(box.release()).resolves.toEqual([]);
    await box.act('a', 'unpark');
    await expect(box.entries('a')).resolves.toEqual(['8 held']);
  });

  test('how often a delivery was never answered', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    box.time += BACKOFF;
    const [job] = await box.deliver(100);
    await box.admit(job!);
    await box.claim({ committed: 100 });
    await box.journal();

    await box.loseAndRebuild();

    expect((await box.view('a'))?.entries[0]).toMatchObject({ unanswered: 1 });
  });

  test('nothing of an owner that did not know that another one had taken over', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    box.time += BACKOFF;
    const [job] = await box.deliver(100);
    await box.admit(job!);
    await box.succeed(job!);
    const old = Number(box.owner.ownerEpoch);
    const { noted } = is(await box.owner.journal(10, []));
    await box.takeOver();
    await box.append(Number(box.owner.ownerEpoch), []);
    await box.append(
      old,
      noted.map(({ item }) => item),
    );

    await box.loseAndRebuild();

    await expect(box.entries('a')).resolves.toEqual(['7 held']);
  });
});

describe('after a loss of Redis', () => {
  test('a message that was resolved and failed anew, because the offsets were set back, is still there', async () => {
    const box = await aShard();
    await box.lock('b', 1);
    await box.lock('a', 7);
    await box.act('a', 'discard-all');
    await box.evidence({ committed: 100 });
    await box.journal();
    await box.evidence({ committed: 5 });
    await box.lock('a', 7);
    await expect(box.entries('a')).resolves.toEqual(['7 held']);

    await box.loseAndRebuild();

    await expect(box.entries('a')).resolves.toEqual(['7 held']);
  });

  test('a message that came anew while its end was being told is still there', async () => {
    const box = await aShard({ gated: false });
    await box.read({ origin: 7 });
    await box.act('a', 'discard-all');
    await box.evidence({ committed: 100 });
    const { noted } = is(await box.owner.journal(10, []));
    await box.read({ origin: 7 });
    await box.append(
      Number(box.owner.ownerEpoch),
      noted.map(({ item }) => item),
    );
    await expect(box.entries('a')).resolves.toEqual(['7 held']);

    await box.loseAndRebuild();

    await expect(box.entries('a')).resolves.toEqual(['7 held']);
  });

  test('what another tool wrote out of order is still there, and what lies between is handled', async () => {
    const box = await aShard();
    await box.read({ origin: 9 });
    await box.act('a', 'discard-all');
    await box.journal();
    await box.read({ origin: 7 });

    await box.loseAndRebuild();
    await box.claim();

    await expect(box.entries('a')).resolves.toEqual(['7 held']);
    await expect(box.verdicts(fresh('a', 8))).resolves.toEqual(['redirect']);
  });

  test('a second copy of what is resolved stays away', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    await box.act('a', 'discard-all');
    await box.journal();
    await box.read({ origin: 7 });
    await box.journal();

    await box.loseAndRebuild();

    await expect(box.entries('a')).resolves.toEqual([]);
  });

  test.each([true, false])('a copy with an old token changes nothing (resolved: %s)', async (resolved) => {
    const box = await aShard();
    await box.lock('a', 7);
    box.time += BACKOFF;
    const [job] = await box.deliver(100);
    await box.admit(job!);
    await box.fail(job!);
    const token = { place: job!.id.subarray(6), nonce: job!.nonce };
    await box.read({ origin: 7, token, attempt: 2 });
    if (resolved) await box.act('a', 'discard-all');
    await box.journal();
    const before = resolved ? { attempt: undefined, waits: NaN } : { attempt: 2, waits: 2 * BACKOFF };
    await expect(headOf(box, 'a')).resolves.toEqual(before);

    await box.loseAndRebuild();

    await expect(headOf(box, 'a')).resolves.toEqual(before);
  });

  test('a key goes on that an operator released from its dead letter', async () => {
    const box = await aShard({ maxAttempts: 1 });
    await box.lock('a', 7, 8);
    box.time += BACKOFF;
    await box.owner.bury(await box.release(), true);
    await box.journal();
    await box.act('a', 'unpark');
    await box.journal();

    await box.loseAndRebuild();

    await expect(box.view('a')).resolves.toMatchObject({ state: 'waiting', held: 1 });
    await expect(box.totals()).resolves.toMatchObject({ parked: 0 });
  });

  test('a message whose dead letter lacks the value is kept, and the checkpoint does not pass it', async () => {
    const box = await aShard({ maxAttempts: 1 });
    await box.lock('a', 7, 8);
    box.time += BACKOFF;
    await box.owner.keep(await box.release());
    await box.journal();
    const first = { retryOffset: 0, state: 'dead-lettered', kept: true };
    const passed = { committed: 9, end: box.end };
    await expect(box.evidence(passed)).resolves.toMatchObject({ checkpoint: 0 });

    await box.loseAndRebuild();

    const lock = { state: 'parked', entries: [first, { state: 'held' }] };
    await expect(box.view('a')).resolves.toMatchObject(lock);
    await expect(box.evidence(passed)).resolves.toMatchObject({ checkpoint: 0 });
    await box.act('a', 'unpark');
    await expect(box.view('a')).resolves.toMatchObject({ held: 1, state: 'waiting' });
  });

  test('a key is parked once that an operator parked after its dead letter', async () => {
    const box = await aShard({ maxAttempts: 1 });
    await box.lock('a', 7);
    box.time += BACKOFF;
    await box.owner.bury(await box.release(), true);
    await box.journal();
    await box.act('a', 'unpark');
    await box.act('a', 'park');
    await box.journal();

    await box.loseAndRebuild();

    await expect(box.view('a')).resolves.toMatchObject({ state: 'parked', held: 0 });
    await expect(box.totals()).resolves.toMatchObject({ parked: 1 });
  });

  test('a foreign message that failed again is one message, wherever it stood', async () => {
    const box = await aShard({ gated: false, window: 1 });
    await box.read({ origin: 9 }, { origin: null });
    await box.act('a', 'discard-head');
    await box.journal();
    box.time += BACKOFF;
    const [job] = await box.deliver(100);
    const token = { place: job!.id.subarray(6), nonce: job!.nonce };
    await box.read({ origin: null, token, attempt: 2 });
    await box.journal();

    await box.loseAndRebuild(1);

    await expect(box.totals()).resolves.toMatchObject({ heldMessages: 1 });
  });

  test('a foreign message that came back after it was discarded is still there', async () => {
    const box = await aShard({ gated: false, window: 1 });
    await box.read({ origin: null });
    box.time += BACKOFF;
    const [job] = await box.deliver(100);
    await box.act('a', 'discard-all');
    const token = { place: job!.id.subarray(6), nonce: job!.nonce };
    await box.read({ origin: null, token, attempt: 2 });
    await box.journal();

    await box.loseAndRebuild();

    await expect(box.totals()).resolves.toMatchObject({ heldMessages: 1 });
  });

  test('a journal record that says nothing sensible stops nothing', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    await box.append(Number(box.owner.ownerEpoch), [Buffer.from('nonsense'), Buffer.from([0xc0])]);

    await box.loseAndRebuild();

    await expect(box.entries('a')).resolves.toEqual(['7 held']);
  });
});

describe('the journal', () => {
  test('is told once what Kafka has acknowledged, and again what it has not', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    await box.act('a', 'park');
    await expect(box.journal({ acknowledged: false })).resolves.toBe(1);
    await expect(box.journal()).resolves.toBe(1);
    await expect(box.journal()).resolves.toBe(0);
  });

  test('keeps what has happened since it was read', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    await box.act('a', 'park');
    const { noted } = is(await box.owner.journal(10, []));
    await box.act('a', 'unpark');
    is(await box.owner.journal(10, noted));

    await expect(box.journal()).resolves.toBe(1);
  });

  test('passes what is not in Kafka yet on to the next owner', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    await box.act('a', 'park');
    await box.takeOver();

    await expect(box.journal()).resolves.toBe(1);
  });

  test('leaves nothing in Redis once it is told', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    await box.act('a', 'discard-all');
    await box.journal();
    await box.evidence({ committed: 8 });

    await expect(box.redis.exists(box.keys.find((key) => key.endsWith(':journal'))!)).resolves.toBe(0);
  });
});

test('without a gate, a failure that came back replaces the record before it also in a rebuild', async () => {
  const box = await bench.shard({ gated: false, window: 1 });
  await box.read({ origin: 7, delay: BACKOFF, attempt: 1 });
  box.time += BACKOFF;
  const [job] = await box.deliver(100);
  const token = { place: job!.id.subarray(6), nonce: job!.nonce };
  await box.read({ unit: job!.unit, origin: 7, token, attempt: 2, failedAt: box.time, delay: 2 * BACKOFF });
  await box.journal();

  await box.loseAndRebuild();

  const view = await box.operator.inspect(3, job!.unit, 10);
  expect(view?.entries).toHaveLength(1);
  expect(view).toMatchObject({ held: 1, attempt: 2, nextAttemptAt: box.time + 2 * BACKOFF });
});

test('a failure that was published twice counts once in a rebuild, whether the journal had told of it or not', async () => {
  const box = await bench.shard({ gated: false });
  await box.read({ origin: 7 });
  box.time += BACKOFF;
  const [job] = await box.deliver(100);
  const token = { place: job!.id.subarray(6), nonce: job!.nonce };
  const failure = { origin: 7, token, attempt: 2, failedAt: box.time, delay: 2 * BACKOFF };
  await box.read(failure, failure);
  await expect(headOf(box, 'a')).resolves.toMatchObject({ attempt: 2 });

  await box.loseAndRebuild();

  await expect(headOf(box, 'a')).resolves.toMatchObject({ attempt: 2 });
});
