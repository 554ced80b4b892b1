import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { merged, SpaceSaving } from '../../../src/hot-keys/space-saving.ts';
import type { Sketch } from '../../../src/hot-keys/space-saving.ts';

/** Few keys that come often, and many that come once. */
const stream = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 5 }) }, { weight: 2, arbitrary: fc.nat({ max: 500 }) }),
  { maxLength: 400 },
);
const capacity = fc.integer({ min: 1, max: 20 });

function sketchOf(keys: readonly number[], size: number, limit = size): Sketch {
  const counts = new SpaceSaving(size);
  for (const key of keys) counts.add(String(key));
  return counts.top(limit);
}

function trueCounts(keys: readonly number[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(String(key), (counts.get(String(key)) ?? 0) + 1);
  return counts;
}

function holds(sketch: Sketch, keys: readonly number[]): void {
  const counts = trueCounts(keys);
  const named = new Set(sketch.keys.map(({ key }) => key));
  for (const { key, count, error } of sketch.keys) {
    const real = counts.get(key) ?? 0;
    expect(real).toBeLessThanOrEqual(count);
    expect(real).toBeGreaterThanOrEqual(count - error);
  }
  for (const [key, real] of counts)
    if (!named.has(key)) expect(real).toBeLessThanOrEqual(sketch.othersAtMost);
  expect(sketch.total).toBe(keys.length);
}

test('every count is within its bounds, and what is not named within the bound of the others', () => {
  fc.assert(
    fc.property(stream, capacity, fc.nat({ max: 25 }), (keys, size, limit) => {
      holds(sketchOf(keys, size, limit), keys);
    }),
  );
});

test('no error is larger than a share of 1/capacity, and no key with a larger share is missed', () => {
  fc.assert(
    fc.property(stream, capacity, (keys, size) => {
      const { keys: named } = sketchOf(keys, size);
      expect(named.length).toBeLessThanOrEqual(size);
      for (const { error } of named) expect(error).toBeLessThanOrEqual(keys.length / size);
      for (const [key, count] of trueCounts(keys))
        if (count > keys.length / size) expect(named.map((each) => each.key)).toContain(key);
    }),
  );
});

test('counted in several places it is as if counted in one, within the bounds', () => {
  fc.assert(
    fc.property(fc.array(stream, { maxLength: 4 }), capacity, fc.nat({ max: 25 }), (streams, size, limit) => {
      holds(merged(streams.map((keys) => sketchOf(keys, size, limit))), streams.flat());
    }),
  );
});

test('while there is room, counts are exact and in order', () => {
  expect(sketchOf([1, 2, 2, 3, 3, 3], 10)).toEqual({
    keys: [
      { key: '3', count: 3, error: 0 },
      { key: '2', count: 2, error: 0 },
      { key: '1', count: 1, error: 0 },
    ],
    total: 6,
    othersAtMost: 0,
  });
});
