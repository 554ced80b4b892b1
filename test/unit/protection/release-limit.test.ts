import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ReleaseLimit } from '../../../src/protection/release-limit.ts';

/** Shards that take what they may for so long (ms); each asks again when it was told to. Answers what each took, with times. */
function run(
  perSecond: (now: number) => number,
  wants: readonly boolean[],
  ms: number,
  jitter: () => number,
) {
  let now = 0;
  const limit = new ReleaseLimit(
    () => now,
    () => perSecond(now),
  );
  const shards = wants.map((wanting, shard) => ({ shard, wanting, of: limit.of(shard), at: 0 }));
  const taken: { at: number; shard: number; count: number }[] = [];
  while (now < ms) {
    for (const one of shards.filter(({ at }) => at <= now)) {
      const count = one.of.available();
      if (count > 0 && one.wanting) {
        one.of.take(count);
        taken.push({ at: now, shard: one.shard, count });
      }
      one.at = now + (count === 0 ? one.of.wait() + jitter() : one.wanting ? 1 : 1_000);
    }
    now = Math.max(now + 0.1, Math.min(...shards.map(({ at }) => at)));
  }
  return taken;
}

function mostInASecond(taken: readonly { at: number; count: number }[]): number {
  let most = 0;
  for (const { at } of taken) {
    const inside = taken.filter((one) => one.at > at - 1_000 && one.at <= at);
    most = Math.max(
      most,
      inside.reduce((sum, { count }) => sum + count, 0),
    );
  }
  return most;
}

const total = (taken: readonly { count: number }[]): number =>
  taken.reduce((sum, { count }) => sum + count, 0);

test('in no second are more released than there may be, and not many less', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
      fc.infiniteStream(fc.double({ min: 0, max: 30, noNaN: true })),
      (rate, wants, delays) => {
        const taken = run(
          () => rate,
          wants,
          4_000,
          () => delays.next().value as number,
        );
        expect(mostInASecond(taken)).toBeLessThanOrEqual(rate);
        if (wants.includes(true)) expect(total(taken)).toBeGreaterThanOrEqual(Math.floor(rate * 1.5));
      },
    ),
    { numRuns: 12 },
  );
});

test('a rate that falls is kept from then on', () => {
  const taken = run(
    (now) => (now < 1_500 ? 500 : 100),
    [true, true],
    5_000,
    () => 0,
  );
  expect(mostInASecond(taken.filter(({ at }) => at >= 2_500))).toBeLessThanOrEqual(100);
});

test('a rate below one in a second is kept too', () => {
  expect(
    total(
      run(
        () => 0.25,
        [true],
        20_000,
        () => 0,
      ),
    ),
  ).toBe(4);
});

test.each([2, 3, 12])('%d shards that want more than there is get the same', (count) => {
  const wants = Array.from({ length: count }, () => true);
  const taken = run(
    () => 600,
    wants,
    10_000,
    () => 0,
  );
  const each = wants.map((_, shard) => total(taken.filter((one) => one.shard === shard)));
  expect(Math.min(...each)).toBeGreaterThan(Math.max(...each) * 0.8);
});

test('a shard alone gets all of it, though others look now and then', () => {
  const taken = run(
    () => 600,
    [true, false, false, false],
    10_000,
    () => 0,
  );
  expect(total(taken)).toBeGreaterThan(600 * 10 * 0.9);
});

test('a paused route releases nothing, what it had saved up included', () => {
  let [now, rate] = [0, 500];
  const limit = new ReleaseLimit(
    () => now,
    () => rate,
  ).of(0);
  now = 1_000;
  expect(limit.available()).toBe(25);
  rate = 0;
  expect(limit.available()).toBe(0);
  now = 60_000;
  expect([limit.available(), limit.wait()]).toEqual([0, 1_000]);
  rate = 500;
  expect(limit.available()).toBe(0);
});
