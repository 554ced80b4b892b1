import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { untilSlot } from '../../../src/protection/block-slots.ts';
import { LONGEST_BLOCK } from '../../../src/protection/breaker.ts';

test('partitions try their blocked records one after the other, each within 10 s', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (partitions, now) => {
      const times = Array.from({ length: partitions }, (_, p) => now + untilSlot(p, partitions, now));
      for (const time of times) {
        expect(time - now).toBeGreaterThan(0);
        expect(time - now).toBeLessThanOrEqual(LONGEST_BLOCK);
      }
      const round = Math.min(LONGEST_BLOCK, partitions * 1_000);
      const apart = Math.floor(round / partitions);
      const sorted = times.map((time) => time % round).sort((a, b) => a - b);
      const least = Math.min(...sorted.slice(1).map((time, i) => time - (sorted[i] ?? 0)));
      // Those whose turn is just passing wait for the next one; with ten, up to 0.2 s less: a block ends after 10 s.
      const early = partitions < 10 ? 0 : 200;
      if (partitions <= 10) expect(least).toBeGreaterThanOrEqual(apart - 1 - early);
    }),
  );
});

test('a partition that asks again before its time is told the same time', () => {
  const first = 5_000 + untilSlot(3, 8, 5_000);
  expect(6_000 + untilSlot(3, 8, 6_000)).toBe(first);
});

test('the only partition tries once a second', () => {
  expect([untilSlot(0, 1, 0), untilSlot(0, 1, 400), untilSlot(0, 0, 100)]).toEqual([1_000, 600, 900]);
});
