import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyUnit } from '../../../../src/domain/unit.ts';
import { pageByAge } from '../../../../src/http/resources/locks/by-age.ts';
import type { AgeListing, AgePosition, LockShelf } from '../../../../src/http/resources/locks/by-age.ts';
import type { BrowsedLock, LockState } from '../../../../src/penalty-box/operator-box.ts';

function lock(partition: number, age: number, state: LockState = 'waiting'): BrowsedLock {
  return {
    unit: keyUnit(Buffer.from(`${partition}-${age}`)),
    partition,
    state,
    since: Math.floor(age),
    held: 1,
    heldBytes: 100,
    attempt: 1,
    headOffset: 1,
    parkedBy: null,
    nextAttemptAt: null,
    lastError: null,
    age,
  };
}

/** Shards as lua/browse.lua looks at them; counts what was looked at. */
function shardsOf(locks: readonly BrowsedLock[]) {
  const looked = { calls: 0, locks: 0 };
  const within = (
    partition: number,
    { from, behind, upTo }: { readonly from: number; readonly behind: boolean; readonly upTo: number },
  ): BrowsedLock[] =>
    locks
      .filter((one) => one.partition === partition && one.age <= upTo)
      .filter((one) => (behind ? one.age > from : one.age >= from))
      .sort((a, b) => a.age - b.age);
  const browse: LockShelf['browse'] = (partition, { look: most, give, state, ...bounds }) => {
    looked.calls++;
    const inRange = within(partition, bounds);
    const given: BrowsedLock[] = [];
    let last: number | null = null;
    let seen = 0;
    for (const one of inRange.slice(0, most)) {
      const fits = state === null || one.state === state;
      if (fits && given.length >= give) break;
      if (fits) given.push(one);
      last = one.age;
      seen++;
    }
    looked.locks += seen;
    return Promise.resolve({ locks: given, last, more: inRange.length > seen });
  };
  const ages: LockShelf['ages'] = (partition, bounds, limit) => {
    looked.calls++;
    return Promise.resolve(
      within(partition, bounds)
        .slice(0, limit)
        .map(({ age }) => age),
    );
  };
  return { look: { browse, ages }, looked };
}

const ALL: Omit<AgeListing, 'after'> = {
  partitions: [0, 1, 2],
  state: null,
  before: Infinity,
  wanted: null,
  limit: 100,
};

async function allPages(look: LockShelf, listing: Omit<AgeListing, 'after'>): Promise<BrowsedLock[][]> {
  const pages: BrowsedLock[][] = [];
  for (let after: AgePosition | null = null; ;) {
    const page: Awaited<ReturnType<typeof pageByAge>> = await pageByAge(look, { ...listing, after });
    pages.push(page.locks);
    if (page.next === null) return pages;
    after = page.next;
  }
}

describe('a page by age', () => {
  test('after another gives every lock that fits once, the oldest first', async () => {
    const drawn = fc.uniqueArray(
      fc.record({ partition: fc.nat({ max: 2 }), age: fc.nat({ max: 60 }), parked: fc.boolean() }),
      { selector: ({ partition, age }) => `${partition} ${age}`, maxLength: 80 },
    );
    const filters = fc.record({
      limit: fc.integer({ min: 1, max: 9 }),
      parked: fc.boolean(),
      even: fc.boolean(),
      before: fc.integer({ min: 0, max: 70 }),
    });
    await fc.assert(
      fc.asyncProperty(drawn, filters, async (shards, { limit, parked, even, before }) => {
        const locks = shards.map((one) => lock(one.partition, one.age, one.parked ? 'parked' : 'waiting'));
        const isEven = ({ since }: BrowsedLock): boolean => since % 2 === 0;
        const { look } = shardsOf(locks);
        const pages = await allPages(look, {
          ...ALL,
          state: parked ? 'parked' : null,
          wanted: even ? isEven : null,
          before,
          limit,
        });
        const expected = locks
          .filter(
            (one) => (!parked || one.state === 'parked') && (!even || isEven(one)) && one.since <= before,
          )
          .sort((a, b) => a.age - b.age || a.partition - b.partition);
        expect(pages.flat()).toEqual(expected);
        for (const page of pages) expect(page.length).toBeLessThanOrEqual(limit);
      }),
    );
  });

  test('looks at hardly more than it shows', async () => {
    const { look, looked } = shardsOf(Array.from({ length: 30_000 }, (_, i) => lock(i % 3, i)));
    const { locks } = await pageByAge(look, { ...ALL, after: null });
    expect(locks.map(({ age }) => age)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(looked).toEqual({ calls: 6, locks: 100 });
  });

  test('comes whole out of one shard that has all the oldest', async () => {
    const young = Array.from({ length: 200 }, (_, i) => lock(i % 2, 1_000_000 + i));
    const { look, looked } = shardsOf([...Array.from({ length: 5_000 }, (_, i) => lock(2, i)), ...young]);
    const { locks } = await pageByAge(look, { ...ALL, limit: 1_000, after: null });
    expect(locks).toHaveLength(1_000);
    expect(new Set(locks.map(({ partition }) => partition))).toEqual(new Set([2]));
    expect(looked).toEqual({ calls: 3 + 10, locks: 1_000 });
  });

  test('ends before it has looked at everything, where few locks fit', async () => {
    const locks = Array.from({ length: 90_000 }, (_, i) =>
      lock(i % 3, i, i === 89_000 ? 'parked' : 'waiting'),
    );
    const { look, looked } = shardsOf(locks);
    const page = await pageByAge(look, { ...ALL, state: 'parked', after: null });
    expect(page.locks).toEqual([]);
    expect(page.next).not.toBeNull();
    expect(looked.locks).toBe(3 * 16 * 250);
    const pages = await allPages(look, { ...ALL, state: 'parked' });
    expect(pages.flat()).toEqual([locks[89_000]]);
    expect(pages.length).toBeLessThan(10);
  });
});
