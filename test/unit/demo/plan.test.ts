import { describe, expect, it } from '@jest/globals';
import { failuresOf, planOf } from '../../../dev/demo/plan.ts';

const options = { messages: 10_000, keys: 500, seed: 7 };

describe('the plan of a run', () => {
  it('is the same for the same seed, and another one for another', () => {
    expect(planOf(options)).toEqual(planOf(options));
    expect(planOf(options)).not.toEqual(planOf({ ...options, seed: 8 }));
  });

  it('numbers the messages of each key and uses all keys', () => {
    const { orders, poisonKey, poisoned } = planOf(options);
    const last = new Map<string, number>();
    for (const { key, seq } of orders) {
      expect(seq).toBe((last.get(key) ?? 0) + 1);
      last.set(key, seq);
    }
    expect(orders).toHaveLength(10_000);
    expect(last.size).toBe(500);
    expect(last.get(poisonKey)).toBe(poisoned);
  });

  it('keeps the messages that always fail few, whatever the size', () => {
    for (const [messages, keys] of [
      [100, 2],
      [100, 10_000],
      [200_000, 7],
    ] as const) {
      const { poisoned } = planOf({ messages, keys, seed: 1 });
      expect(poisoned).toBeGreaterThan(0);
      expect(poisoned).toBeLessThanOrEqual(8);
    }
  });

  it('lets about 3 % of the messages fail once to three times, and one key always', () => {
    const { orders, poisonKey } = planOf(options);
    const others = orders.filter(({ key }) => key !== poisonKey);
    const failures = others
      .map((order) => failuresOf(order, { seed: 7, poisonKey }))
      .filter((count) => count > 0);
    expect(failures.length / others.length).toBeCloseTo(0.03, 2);
    expect(new Set(failures)).toEqual(new Set([1, 2, 3]));
    expect(failuresOf({ key: poisonKey, seq: 1 }, { seed: 7, poisonKey })).toBe(Infinity);
  });
});
