import { expect, test } from '@jest/globals';
import { legsOf, legsUpTo } from '../../../src/redrive/legs.ts';

test('up to the cutoff, without partitions where nothing is left', () => {
  expect(legsUpTo([10, 0, 7, 5], [3, 0, 7])).toEqual([
    { partition: 0, from: 3, to: 10 },
    { partition: 3, from: 0, to: 5 },
  ]);
});

test('single positions are read together where they lie close, and only those that are left', () => {
  const at = (partition: number, ...offsets: number[]): { partition: number; offset: number }[] =>
    offsets.map((offset) => ({ partition, offset }));
  const positions = [...at(1, 5_000, 3, 4), ...at(0, 900, 100, 5_000)];
  expect(legsOf(positions, [])).toEqual([
    { partition: 0, from: 100, to: 901 },
    { partition: 0, from: 5_000, to: 5_001 },
    { partition: 1, from: 3, to: 5 },
    { partition: 1, from: 5_000, to: 5_001 },
  ]);
  expect(legsOf(positions, [901, 4])).toEqual([
    { partition: 0, from: 5_000, to: 5_001 },
    { partition: 1, from: 4, to: 5 },
    { partition: 1, from: 5_000, to: 5_001 },
  ]);
});
