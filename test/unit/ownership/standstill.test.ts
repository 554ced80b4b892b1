import { expect, test } from '@jest/globals';
import { Standstill } from '../../../src/ownership/standstill.ts';

/** A shard whose figures the test sets, and what was done to it. */
function world(given: { announced?: number; cursor?: number; end?: number } = {}) {
  const seen: string[] = [];
  const shard = {
    ...{ partition: 0, restored: true, cursor: 100, end: 100_000, announced: 0 },
    ...given,
    box: {
      ownerEpoch: '1',
      behind: (is: boolean) => {
        seen.push(is ? 'behind' : 'not behind');
        return Promise.resolve({ kind: 'ok' as const, value: shard.announced, nextDue: null });
      },
    },
  };
  const standstill = new Standstill(shard, {
    pause: () => seen.push('pause'),
    resume: () => seen.push('resume'),
    nonce: () => 'n',
  });
  return { shard, standstill, seen };
}

test('nobody announced what lies there: it is not read any further', async () => {
  const { standstill, seen } = world();
  await standstill.look(true);
  expect(seen).toEqual(['behind', 'pause']);
  await standstill.look(true);
  expect(seen).toHaveLength(2);
});

test('what was announced is read first: that takes no room', async () => {
  const { shard, standstill, seen } = world({ announced: 3 });
  await standstill.look(true);
  await standstill.look(true);
  expect(seen).not.toContain('pause');
  shard.announced = 0;
  await standstill.look(true);
  expect(seen.at(-1)).toBe('pause');
});

test('what never comes is not waited for beyond the end that was observed', async () => {
  const { shard, standstill, seen } = world({ announced: 1, cursor: 40, end: 50 });
  for (let i = 0; i < 4; i++) await standstill.look(true);
  expect(seen).not.toContain('pause');
  Object.assign(shard, { cursor: 50, end: 90 });
  await standstill.look(true);
  expect(seen.at(-1)).toBe('pause');
});

test('goes on as soon as there is room, and says that it is not behind when it has nearly caught up', async () => {
  const { shard, standstill, seen } = world();
  await standstill.look(true);
  await standstill.look(false);
  expect(seen).toEqual(['behind', 'pause', 'resume']);
  shard.cursor = 99_500;
  await standstill.look(false);
  await standstill.look(false);
  expect(seen).toEqual(['behind', 'pause', 'resume', 'not behind']);
});

test('whoever has just taken the shard over does not know whether it is behind, and says that it is not', async () => {
  const { standstill, seen } = world({ cursor: 100_000 });
  await standstill.look(false);
  expect(seen).toEqual(['not behind']);
});
