import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TokenBucket } from '../../../src/redrive/token-bucket.ts';

test('what passes since the beginning never exceeds the limit, and falls short of it by no more than one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20_000 }),
      fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 300 }),
      (perSecond, pauses) => {
        const bucket = new TokenBucket(perSecond);
        let now = 1_000;
        let passed = bucket.take(1_000_000, now);
        for (const pause of pauses) {
          now += pause;
          passed += bucket.take(1_000_000, now);
          const allowed = ((now - 1_000) * perSecond) / 1_000;
          expect(passed).toBeLessThanOrEqual(allowed + 1e-6);
          expect(passed).toBeGreaterThan(allowed - 1 - 1e-6);
        }
      },
    ),
  );
});

test('after its wait, something passes', () => {
  for (const perSecond of [1, 3, 50, 499, 5_000]) {
    const bucket = new TokenBucket(perSecond);
    bucket.take(1, 0);
    let now = 0;
    for (let i = 0; i < 50; i++) {
      now += bucket.wait(500);
      expect(bucket.take(500, now)).toBeGreaterThan(0);
    }
  }
});

test('what was not used for long is not made up for', () => {
  const bucket = new TokenBucket(100);
  expect(bucket.take(1_000, 0)).toBe(0);
  expect(bucket.take(1_000, 3_600_000)).toBe(11);
});

test('without a limit all passes at once', () => {
  const bucket = new TokenBucket(null);
  expect([bucket.take(12_345, 0), bucket.wait(500)]).toEqual([12_345, 0]);
});
