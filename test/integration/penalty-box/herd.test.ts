import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { keyOf, keyUnit } from '../../../src/domain/unit.ts';
import { ReleaseLimit } from '../../../src/protection/release-limit.ts';
import { BoxBench, type BoxShard } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

const WINDOW = 64;

/** Retry records of these keys, in this order; only the first of a key has failed. */
async function fill(shard: BoxShard, keys: readonly string[], from = 0): Promise<void> {
  const seen = new Set<string>();
  const records = keys.map((key, i) => {
    const attempt = seen.has(key) ? 0 : 1;
    seen.add(key);
    return { unit: keyUnit(Buffer.from(key)), origin: from + i, attempt, failedAt: shard.time };
  });
  for (let at = 0; at < records.length; at += 1_000) await shard.read(...records.slice(at, at + 1_000));
}

/** Releases so many, and tells that all of them succeeded. The keys, in the order of their release. */
async function turn(shard: BoxShard, limit: number): Promise<string[]> {
  const jobs = limit === 0 ? [] : await shard.deliver(1_000_000, limit);
  if (jobs.length === 0) return [];
  await shard.admit(...jobs);
  await shard.succeed(...jobs);
  return jobs.map(({ unit }) => keyOf(unit)!.toString());
}

test('a key with 50,000 messages holds up none of 1,000 keys with one each, and drains', async () => {
  const shard = await bench.shard({ window: WINDOW });
  const small = Array.from({ length: 1_000 }, (_, i) => `small-${String(i)}`);
  await fill(
    shard,
    Array.from({ length: 50_000 }, () => 'large'),
  );
  await fill(shard, small, 50_000);
  await shard.claim();
  shard.time += 10_000;

  const order: string[] = [];
  // As many as a limit of 500 a second lets through in a tenth of it.
  while (order.filter((key) => key !== 'large').length < small.length) {
    const turned = await turn(shard, 50);
    expect(turned.length).toBeGreaterThan(0);
    order.push(...turned);
    shard.time += 100;
  }
  const large = order.filter((key) => key === 'large').length;
  // It had its turn once, first, and goes to the back then.
  expect(large).toBeLessThanOrEqual(WINDOW);

  let drained = large;
  for (let i = 0; i < 40; i++) {
    const turned = await turn(shard, 1_000);
    expect(new Set(turned)).toEqual(new Set(['large']));
    drained += turned.length;
    shard.time += 10;
  }
  expect(drained).toBeGreaterThan(WINDOW * 30);
});

test('of a herd the oldest due goes first, and one shard with a herd does not starve another', async () => {
  const [crowded, quiet] = [await bench.shard({ window: WINDOW }), await bench.shard({ window: WINDOW })];
  const herd = Array.from({ length: 5_000 }, (_, i) => `h${String(i)}`);
  for (let from = 0; from < herd.length; from += 1_000) {
    await fill(crowded, herd.slice(from, from + 1_000), from);
    crowded.time += 1;
  }
  await fill(
    quiet,
    Array.from({ length: 200 }, (_, i) => `q${String(i)}`),
  );
  for (const shard of [crowded, quiet]) {
    await shard.claim();
    shard.time += 10_000;
  }
  let now = 0;
  const limit = new ReleaseLimit(
    () => now,
    () => 500,
  );
  const limits = [limit.of(0), limit.of(1)] as const;
  const released: [string[], string[]] = [[], []];
  while (released[1].length < 200) {
    // The crowded one always asks first.
    for (const [i, shard] of [crowded, quiet].entries()) {
      const keys = await turn(shard, limits[i]!.available());
      limits[i]!.take(keys.length);
      released[i]!.push(...keys);
    }
    now += 5;
    for (const shard of [crowded, quiet]) shard.time += 5;
  }
  expect(released[0].length).toBeLessThanOrEqual(released[1].length * 1.5);
  const seconds = released[0].map((key) => Math.floor(Number(key.slice(1)) / 1_000));
  expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
});
