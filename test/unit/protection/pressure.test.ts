import { describe, expect, test } from '@jest/globals';
import { bytesLevel, memoryLevel } from '../../../src/protection/pressure.ts';
import type { Level } from '../../../src/protection/pressure.ts';

const MARGINS = { leaveOutAt: 0.75, stopAt: 0.9 };

describe('what the memory of a server asks for', () => {
  test.each<[Level, number | null, Level]>([
    ['inline', null, 'inline'],
    ['stopped', null, 'inline'],
    ['inline', 0.74, 'inline'],
    ['inline', 0.75, 'left-out'],
    ['left-out', 0.71, 'left-out'],
    ['left-out', 0.7, 'inline'],
    ['left-out', 0.89, 'left-out'],
    ['inline', 0.9, 'stopped'],
    ['stopped', 0.86, 'stopped'],
    ['stopped', 0.85, 'left-out'],
    ['stopped', 0.71, 'left-out'],
    ['stopped', 0.69, 'inline'],
    ['stopped', 1.2, 'stopped'],
  ])('%s, %s used: %s', (before, used, expected) => {
    expect(memoryLevel(before, used, MARGINS)).toBe(expected);
  });

  test('a route without a gate is never stopped by it', () => {
    expect(memoryLevel('left-out', 1, { ...MARGINS, stopAt: Infinity })).toBe('left-out');
  });
});

test.each<[Level, number, Level]>([
  ['inline', 999, 'inline'],
  ['inline', 1_000, 'left-out'],
  ['left-out', 901, 'left-out'],
  ['left-out', 900, 'inline'],
])('of a route that may hold 1,000 bytes: %s, %s held: %s', (before, held, expected) => {
  expect(bytesLevel(before, held, 1_000)).toBe(expected);
});
