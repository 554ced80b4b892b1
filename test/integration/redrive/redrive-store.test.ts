import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Progress, UNTOUCHED } from '../../../src/redrive/progress.ts';
import type { RedriveWish } from '../../../src/redrive/redrive-desk.ts';
import { RedriveDeskOnRedis } from '../../support/redrive-desk.ts';

let on: RedriveDeskOnRedis;
beforeAll(async () => (on = await RedriveDeskOnRedis.open()));
afterEach(() => on.flush());
afterAll(() => on[Symbol.asyncDispose]());

const WISH: RedriveWish = {
  ...{ what: { kind: 'all' }, who: 'me', reason: 'a test', maxPerSecond: null },
  ...{ dryRun: false, edit: null, request: null },
};
const ENDED: Progress = { ...UNTOUCHED, end: { state: 'done', at: 1 } };

async function epochOf(holder: string): Promise<string> {
  const epoch = await on.store.lease(holder, 10_000);
  if (epoch === null) throw new Error(`${holder} has no lease`);
  return epoch;
}

test('one holder at a time has the lease, until it is over or given back, and each has another epoch', async () => {
  const first = await epochOf('a');
  on.now += 6_000;
  expect(await epochOf('a')).toBe(first);
  on.now += 9_999;
  expect(await on.store.lease('b', 10_000)).toBeNull();
  on.now += 1;
  const second = await epochOf('b');
  expect(Number(second)).toBeGreaterThan(Number(first));
  expect(await on.store.lease('a', 10_000)).toBeNull();
  await on.store.release(first);
  expect(await on.store.lease('a', 10_000)).toBeNull();
  await on.store.release(second);
  // Back at once: what it had begun under the lease before is not to go on all the same.
  expect(Number(await epochOf('b'))).toBeGreaterThan(Number(second));
});

test('only who has the lease writes progress down, and hears what is wished', async () => {
  const { redrive } = await on.desk.create(WISH);
  const old = await epochOf('a');
  await on.store.release(old);
  const epoch = await epochOf('b');
  const progress = { ...UNTOUCHED, published: 7 };
  expect(await on.store.note(old, redrive.id, progress)).toEqual({ kind: 'fenced' });
  expect((await on.desk.get(redrive.id)).progress.published).toBe(0);
  expect(await on.store.note(epoch, redrive.id, progress)).toEqual({ kind: 'ok', wish: 'run' });
  expect((await on.desk.get(redrive.id)).progress).toEqual(progress);
  await on.desk.steer(redrive.id, 'pause');
  expect(await on.store.note(epoch, redrive.id, progress)).toEqual({ kind: 'ok', wish: 'pause' });
  await on.flush();
  expect(await on.store.note(await epochOf('b'), redrive.id, progress)).toEqual({ kind: 'gone' });
});

test('what only the runner needs is kept until the redrive has ended', async () => {
  const positions = [{ partition: 1, offset: 4 }];
  const edit = { value: { base64: 'c2VjcmV0' }, headers: null };
  const { redrive } = await on.desk.create({ ...WISH, what: { kind: 'positions', positions }, edit });
  expect(redrive).toMatchObject({
    selection: { kind: 'positions', count: 1 },
    edited: true,
    cutoff: [100, 50],
  });
  expect(JSON.stringify(redrive)).not.toContain('c2VjcmV0');
  expect(await on.store.work(redrive.id)).toEqual({ positions, edit });
  await on.store.note(await epochOf('a'), redrive.id, ENDED);
  expect(await on.store.work(redrive.id)).toEqual({ positions: null, edit: null });
  expect(await on.store.open()).toEqual([]);
  expect((await on.desk.get(redrive.id)).state).toBe('done');
});

test('the open ones come in the order of their creation; a hundred are kept, and none that has not ended goes', async () => {
  const epoch = await epochOf('a');
  const first = await on.desk.create({ ...WISH, request: { name: 'n', digest: 'd' } });
  for (let i = 1; i < 100; i++) {
    await on.clock.advance(1);
    await on.desk.create(WISH);
  }
  expect((await on.store.open()).map(({ redrive }) => redrive.createdAt)).toEqual(
    Array.from({ length: 100 }, (_, i) => first.redrive.createdAt + i),
  );
  await expect(on.desk.create(WISH)).rejects.toMatchObject({ code: 'LIMITED' });
  const [newest, , , , fifth] = await on.desk.list();
  await on.store.note(epoch, first.redrive.id, ENDED);
  await on.store.note(epoch, fifth!.redrive.id, ENDED);
  await on.clock.advance(1);
  const { redrive: last } = await on.desk.create(WISH);
  const kept = (await on.desk.list()).map(({ redrive }) => redrive.id);
  expect(kept).toHaveLength(100);
  expect(kept.slice(0, 2)).toEqual([last.id, newest!.redrive.id]);
  expect(kept).toContain(fifth!.redrive.id);
  await expect(on.desk.get(first.redrive.id)).rejects.toMatchObject({ code: 'UNKNOWN_REDRIVE' });
  // The name of its request is forgotten with it.
  await on.store.note(epoch, fifth!.redrive.id, ENDED);
  const again = await on.desk.create({ ...WISH, request: { name: 'n', digest: 'other' } });
  expect(again.redrive.id).not.toBe(first.redrive.id);
  // However many there are: seven keys, all with one hash tag.
  const keys = await on.keys();
  expect(keys.length).toBeLessThanOrEqual(7);
  expect(keys.every((key) => key.includes(':{orders:dead-letters}:redrive-'))).toBe(true);
});
