import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCopyId } from '../../../src/redrive/retry-copy.ts';
import type { Wish } from '../../../src/redrive/redrive.ts';
import { type Fate, isLetter, type Letter, RedriveWorld } from './support/redrive-world.ts';

const letter: fc.Arbitrary<Letter> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ key: fc.constantFrom('a', 'b', null), closed: fc.constant(false) }) },
  { weight: 2, arbitrary: fc.record({ key: fc.constantFrom('a', 'b'), closed: fc.constant(true) }) },
  { weight: 1, arbitrary: fc.constantFrom<Letter>('marker', null) },
);

const times = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Map<number, T>> =>
  fc.array(fc.tuple(fc.integer({ min: 1, max: 150 }), value), { maxLength: 6 }).map((list) => new Map(list));

const world = fc.record({
  letters: fc.array(fc.array(letter, { maxLength: 25 }), { minLength: 1, maxLength: 3 }),
  retryPartitions: fc.integer({ min: 1, max: 3 }),
  perSecond: fc.constantFrom(1, 4, 100_000),
  pace: fc.constantFrom(0, 1_000),
  single: fc.option(fc.infiniteStream(fc.boolean())),
  fates: times<Fate>(fc.constantFrom<Fate>('killed', 'killed', 'kafka-unknown')),
  wishes: times<Wish>(fc.constantFrom<Wish>('pause', 'run')),
  chances: fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
});

test('each open dead letter that was meant is published exactly once, wherever its processes are killed', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ letters, single, chances, ...options }) => {
      const all = letters.flatMap((list, partition) => list.map((_, offset) => ({ partition, offset })));
      const chosen = single === null ? null : all.filter(() => single.next().value);
      const positions = chosen?.length === 0 ? null : chosen;
      const chance = (): number => chances.next().value as number;
      const it = new RedriveWorld({ ...options, letters, positions, chance });
      await it.runToEnd();

      const meant = (positions ?? all).filter(({ partition, offset }) =>
        isLetter(letters[partition]![offset]!),
      );
      const open = meant.filter(({ partition, offset }) => {
        const each = letters[partition]![offset]!;
        return isLetter(each) && !each.closed;
      });
      const published = it.retry.flat().map(({ headers }) => {
        const id = headers.find(([name]) => name === 'x-retry-redrive')?.[1] ?? '';
        return parseCopyId(id.toString(), 'r-1');
      });
      const inOrder = (list: readonly ({ partition: number; offset: number } | null)[]): unknown[] =>
        list.map((each) => `${each?.partition}/${each?.offset}`).sort();
      expect(inOrder(published)).toEqual(inOrder(open));
      for (const { partition, offset } of open) expect(it.settled.has(`${partition}/${offset}`)).toBe(true);

      const { progress } = it;
      expect(progress.end?.state).toBe('done');
      const missing = positions === null ? 0 : positions.length - meant.length;
      expect(progress).toMatchObject({
        ...{ published: open.length, matched: open.length, undeliverable: 0, ends: null },
        skipped: meant.length - open.length + missing,
        examined: progress.total,
        total: positions?.length ?? all.length,
      });
    }),
    { numRuns: 300 },
  );
});
