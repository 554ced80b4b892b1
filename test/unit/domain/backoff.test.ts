import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { delayAfter, delayTable, jittered } from '../../../src/domain/backoff.ts';
import type { BackoffPolicy } from '../../../src/domain/backoff.ts';

const exponential = (initial: number, multiplier: number, max: number): BackoffPolicy => ({
  kind: 'exponential',
  initial,
  multiplier,
  max,
  jitter: 0.2,
});
const schedule = (...delays: number[]): BackoffPolicy => ({ kind: 'schedule', delays, jitter: 0 });

describe('delayAfter', () => {
  test.each([
    ['the first failure waits for the initial delay', exponential(1_000, 2, 60_000), 1, 1_000],
    ['each further failure waits longer', exponential(1_000, 2, 60_000), 4, 8_000],
    ['max caps', exponential(1_000, 2, 60_000), 7, 60_000],
    ['max caps what no number can hold', exponential(1_000, 10, 60_000), 5_000, 60_000],
    ['fractions are rounded up', exponential(100, 1.5, 60_000), 4, 338],
    ['a multiplier of 1 stays where it is', exponential(500, 1, 60_000), 9, 500],
    ['a failure before the first counts as the first', exponential(1_000, 2, 60_000), 0, 1_000],
    ['a schedule is followed', schedule(10, 200, 3_000), 2, 200],
    ['its last delay repeats', schedule(10, 200, 3_000), 99, 3_000],
  ])('%s', (_, policy, attempt, delay) => {
    expect(delayAfter(policy, attempt)).toBe(delay);
  });
});

// 0 · ∞ is no number.
test('no delay stays none, however often a message failed', () => {
  expect(delayAfter(exponential(0, 2, 60_000), 2_000)).toBe(0);
});

const policies = fc.oneof(
  fc
    .tuple(fc.nat({ max: 1e7 }), fc.double({ min: 1, max: 100, noNaN: true }), fc.nat({ max: 1e9 }))
    .map(([initial, multiplier, max]) => exponential(initial, multiplier, max)),
  fc.array(fc.nat({ max: 1e9 }), { minLength: 1, maxLength: 70 }).map((delays) => schedule(...delays)),
);

test('a delay is a whole number of milliseconds, none below zero', () => {
  fc.assert(
    fc.property(policies, fc.nat({ max: 70_000 }), (policy, attempt) => {
      const delay = delayAfter(policy, attempt);
      expect(Number.isSafeInteger(delay) && delay >= 0).toBe(true);
    }),
  );
});

test('exponential delays never shrink, and never exceed max', () => {
  const cases = fc.tuple(
    fc.nat({ max: 1e6 }),
    fc.double({ min: 1, max: 10, noNaN: true }),
    fc.nat({ max: 1e8 }),
  );
  fc.assert(
    fc.property(cases, fc.integer({ min: 1, max: 200 }), ([initial, multiplier, max], attempt) => {
      const policy = exponential(initial, multiplier, max);
      expect(delayAfter(policy, attempt + 1)).toBeGreaterThanOrEqual(delayAfter(policy, attempt));
      expect(delayAfter(policy, attempt)).toBeLessThanOrEqual(max);
    }),
  );
});

test('jitter only lengthens, by at most its share', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 1e9 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (delay, jitter, random) => {
        const result = jittered(delay, jitter, random);
        expect(result).toBeGreaterThanOrEqual(delay);
        expect(result).toBeLessThanOrEqual(Math.ceil(delay * (1 + jitter)));
      },
    ),
  );
});

test('the table holds the delay after each attempt, and at least one', () => {
  fc.assert(
    fc.property(policies, fc.nat({ max: 200 }), (policy, maxAttempts) => {
      const table = delayTable(policy, maxAttempts);
      expect(table).toHaveLength(Math.max(1, Math.min(64, maxAttempts)));
      table.forEach((delay, i) => {
        expect(delay).toBe(delayAfter(policy, i + 1));
      });
      // It travels as text, from which a script takes the digits.
      expect(table.join(',')).toMatch(/^\d+(,\d+)*$/);
    }),
  );
});
