import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Job } from '../../../src/penalty-box/entry.ts';
import { announced, BACKOFF, BoxBench, fresh, is } from '../../support/penalty-box.ts';
import type { BoxShard } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => {
  bench = await BoxBench.open(redisUrl);
});
afterAll(() => bench[Symbol.asyncDispose]());

async function aShard(): Promise<BoxShard> {
  const box = await bench.shard({});
  await box.claim();
  return box;
}

/** The checkpoint, where the group has committed all that it was given. */
async function checkpointOf(box: BoxShard): Promise<number> {
  return (await box.evidence({ committed: 1_000 })).checkpoint;
}

async function headOf(box: BoxShard, key: string | null, origin = 0) {
  const view = await box.view(key, origin);
  const [head] = view?.entries ?? [];
  return head && { ...head, waits: (view?.nextAttemptAt ?? NaN) - box.time };
}

async function failedTwice(box: BoxShard, key: string, origin: number): Promise<void> {
  await box.lock(key, origin);
  box.time += BACKOFF;
  const [job] = await box.deliver(100);
  await box.admit(job!);
  await box.fail(job!, { errorClass: 'Second', errorMessage: 'again' });
}

describe('a copy of an old retry record', () => {
  test('lets the checkpoint pass the original, and holds it in its stead', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    await expect(checkpointOf(box)).resolves.toBe(0);

    await expect(box.read(...(await box.carry()))).resolves.toMatchObject({ moved: 1, failed: 0 });

    await expect(checkpointOf(box)).resolves.toBe(1);
    expect((await headOf(box, 'a'))?.retryOffset).toBe(1);
    box.time += BACKOFF;
    const [job] = await box.deliver(100);
    await box.admit(job!);
    await box.succeed(job!);
    await expect(checkpointOf(box)).resolves.toBe(2);
  });

  test('is the message to a rebuild that begins behind the original: attempts, time, error and value', async () => {
    const box = await aShard();
    await failedTwice(box, 'a', 7);
    const [value] = is(await box.owner.carry([{ unit: Buffer.from('ka'), place: placeOf(7) }]));
    box.time += 300;
    await box.read(...(await box.carry()));

    await box.loseAndRebuild(await checkpointOf(box));

    expect(await headOf(box, 'a')).toMatchObject({
      ...{ attempt: 2, offset: 7, waits: 2 * BACKOFF - 300 },
      lastError: { class: 'Second', message: 'again' },
      firstFailedAt: value?.firstFailedAt,
    });
    const [again] = is(await box.owner.carry([{ unit: Buffer.from('ka'), place: placeOf(7) }]));
    expect(again?.payload.subarray(-10).toString()).toBe(value?.payload.subarray(-10).toString());
    await box.claim();
    await expect(box.verdicts(fresh('a', 7))).resolves.toEqual(['skip']);
  });

  test('keeps messages without a key, and those of foreign origin in their place', async () => {
    const box = await aShard();
    await box.lock(null, 7);
    await box.lock('a', 8);
    await box.read(box.arrivalOf({ key: Buffer.from('a') }));
    await box.read(box.arrivalOf({}));
    const views = async (): Promise<unknown[]> =>
      Promise.all([
        box.entries('a'),
        box.view(null, 7).then((view) => view?.entries.length),
        box.operator.inspect(3, Buffer.from('m3'), 10).then((view) => view?.entries.length),
      ]);
    const all = await views();
    expect(all).toEqual([['8 held', expect.stringMatching(/held$/)], 1, 1]);
    await box.read(...(await box.carry()));
    const checkpoint = await checkpointOf(box);
    expect(checkpoint).toBe(4);

    await box.loseAndRebuild(checkpoint);

    await expect(views()).resolves.toEqual(all);
  });

  test('brings nothing back that was resolved before it was read', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    box.time += BACKOFF;
    const [job] = await box.deliver(100);
    await box.admit(job!);
    const copies = await box.carry();
    await box.succeed(job!);
    await box.journal();

    await expect(box.read(...copies)).resolves.toMatchObject({ duplicate: 1, moved: 0 });
    await box.journal();

    await box.loseAndRebuild(await checkpointOf(box));
    await expect(box.view('a')).resolves.toBeNull();
    await box.loseAndRebuild(0);
    await expect(box.view('a')).resolves.toBeNull();
  });

  test('changes nothing where there is a later record of the message already', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    const copies = await box.carry();
    await box.read(...copies);

    await expect(box.read(...copies)).resolves.toMatchObject({ duplicate: 1, moved: 0 });

    expect((await headOf(box, 'a'))?.retryOffset).toBe(1);
  });

  test('counts deliveries that nobody answered', async () => {
    const box = await aShard();
    await box.lock('a', 7);
    box.time += BACKOFF;
    await box.admit((await box.deliver(100))[0]!);
    await box.claim({ committed: 100 });
    await box.read(...(await box.carry()));

    await box.loseAndRebuild(1);

    expect(await headOf(box, 'a')).toMatchObject({ unanswered: 1 });
  });
});

describe('a park', () => {
  test('holds the checkpoint until it has been told anew, and outlives the loss of Redis then', async () => {
    const box = await aShard();
    await box.read({});
    await box.act('p', 'park');
    await box.journal();
    await box.lock('a', 7);
    box.time += BACKOFF;
    for (const job of await box.deliver(100)) {
      await box.admit(job);
      await box.succeed(job);
    }
    const held = await box.evidence({ committed: 1_000 });
    expect(held).toMatchObject({ checkpoint: 1, heldByParks: true });

    await box.tellParks();

    const free = await box.evidence({ committed: 1_000 });
    expect(free.checkpoint).toBeGreaterThan(1);
    await box.loseAndRebuild(free.checkpoint);
    await expect(box.view('p')).resolves.toMatchObject({ state: 'parked' });
  });
});

const KEYS = ['a', 'b', 'c'];
const seed = Number(process.env['MODEL_SEED'] ?? Math.floor(performance.timeOrigin % 2 ** 31));

/** What a rebuild has to give back. What was in flight is held again. */
async function kept(box: BoxShard) {
  const views = await Promise.all(KEYS.map((key) => box.view(key)));
  return views.map((view) => ({
    parked: view?.state === 'parked',
    entries: (view?.entries ?? []).map(({ offset, attempt, unanswered }) => [offset, attempt, unanswered]),
  }));
}

const steps = ['fail', 'behind', 'work', 'carry', 'journal', 'commit', 'park', 'unpark', 'parks', 'takeover'];

test(`whatever happens between copies, a rebuild from the checkpoint gives back what was there (seed ${String(seed)})`, async () => {
  const step = fc.record({
    what: fc.constantFrom(...steps),
    key: fc.constantFrom(...KEYS),
    draw: fc.nat({ max: 7 }),
  });
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (run) => {
    const box = await bench.shard({ maxAttempts: 100 });
    await box.claim();
    let origin = 0;
    let checkpoint = 0;
    let flying: Job[] = [];
    /** Delivers everything that is due, and answers for some of it. */
    const work = async (draw: number): Promise<void> => {
      flying.push(...(await box.deliver(origin)));
      const [job] = flying.splice(draw % Math.max(1, flying.length), 1);
      if (job === undefined || (await box.admit(job))[0]?.kind !== 'process') return;
      await (draw % 2 === 0 ? box.succeed(job) : box.fail(job));
    };
    for (const { what, key, draw } of run) {
      if (what === 'fail') await box.lock(key, origin++);
      if (what === 'behind') {
        const [verdict] = await box.admit(fresh(key, origin));
        if (verdict?.kind === 'redirect') await box.read(announced(key, origin, verdict));
        origin++;
      }
      if (what === 'work') {
        box.time += draw * BACKOFF;
        await work(draw);
      }
      if (what === 'carry') {
        const copies = await box.carry(Math.ceil((box.end * (draw + 1)) / 8));
        await work(draw);
        if (draw > 5) flying = [];
        await box.read(...copies);
      }
      if (what === 'journal') await box.journal({ acknowledged: draw > 0 });
      if (what === 'commit') {
        const found = await box.evidence({ committed: origin });
        expect(found.checkpoint).toBeGreaterThanOrEqual(checkpoint);
        checkpoint = found.checkpoint;
      }
      if (what === 'park' || what === 'unpark') await box.act(key, what);
      if (what === 'parks') await box.tellParks();
      if (what === 'takeover') {
        await box.takeOver();
        await box.append(Number(box.owner.ownerEpoch), []);
      }
    }
    await box.journal();
    const before = await kept(box);
    await box.loseAndRebuild(checkpoint);
    await expect(kept(box)).resolves.toEqual(before);
  });
  await fc.assert(property, { seed, numRuns: Number(process.env['MODEL_RUNS'] ?? 300) });
});

function placeOf(origin: number): Buffer {
  const place = Buffer.alloc(8);
  place.writeUIntBE(origin, 2, 6);
  return place;
}
