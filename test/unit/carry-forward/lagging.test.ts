import { describe, expect, test } from '@jest/globals';
import { lagging } from '../../../src/carry-forward/lagging.ts';
import type { Standing } from '../../../src/carry-forward/lagging.ts';

const policy = { age: 3_600_000, distance: 1_000 };

function before(standing: Partial<Standing>): number | null {
  return lagging({ checkpoint: 0, end: 0, held: 1, aged: null, carriedBefore: 0, ...standing }, policy);
}

describe('old records are appended anew', () => {
  test.each([
    ['not while no more than the distance lies behind them', { checkpoint: 500, end: 1_500 }, null],
    ['up to half of it as soon as more does', { checkpoint: 500, end: 1_501 }, 1_001],
    ['not while the messages held are a quarter of that', { end: 10_000, held: 2_500 }, null],
    ['when they are less', { end: 10_001, held: 2_500 }, 5_001],
    ['when the oldest is too old, with all that are half as old', { end: 9, aged: { whole: 1, half: 5 } }, 5],
    ['not while none is too old', { checkpoint: 1, end: 9, aged: { whole: 1, half: 5 } }, null],
    ['not again where something else holds the checkpoint', { end: 1_700, carriedBefore: 1_000 }, null],
    ['again once enough has come since', { end: 1_750, carriedBefore: 1_000 }, 1_250],
    ['again once the checkpoint has moved', { checkpoint: 1_000, end: 2_001, carriedBefore: 999 }, 1_501],
  ] as const)('%s', (_, standing, expected) => {
    expect(before(standing)).toBe(expected);
  });
});
