import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ProbeGrants } from '../../../src/protection/probe-grants.ts';
import { RedisConnection } from '../../../src/redis/connection.ts';
import { createLogger } from '../../../src/logger.ts';
import { flightKey, probesKey } from '../../../src/redis/shard-keys.ts';
import { randomFrom } from '../../../dev/seeded-random.ts';
import { redisUrl } from '../../support/stack.ts';

const PREFIX = 'probes-test:';
const PROBES = 5;
let connection: RedisConnection;

beforeAll(async () => {
  connection = new RedisConnection({
    target: { kind: 'url', url: redisUrl },
    logger: createLogger('silent'),
    role: 'commands',
  });
  await connection.start();
});
afterAll(async () => {
  await connection.redis.unlink(flights);
  await connection.stop();
});

const flights: string[] = [];

/** A route with shards that belong to replicas, and what each shard has in flight. */
class Route {
  readonly name = `r${String(Math.trunc(performance.now() * 1_000))}`;
  readonly shards: readonly number[];
  readonly #grants: ProbeGrants[];
  readonly #next = new Map<number, number>();

  constructor(replicas: number, shards: number) {
    this.shards = Array.from({ length: shards }, (_, shard) => shard);
    const deps = { servers: { serverOf: () => ({ connection }) }, keyPrefix: PREFIX, route: this.name };
    this.#grants = Array.from({ length: replicas }, () => new ProbeGrants(deps));
    for (const shard of this.shards) flights.push(flightKey(PREFIX, this.name, shard));
    flights.push(probesKey(PREFIX, this.name));
  }

  /** The owner of the shard asks, and releases what it may. */
  async release(replica: number, shard: number, more: number, since = 1): Promise<number> {
    const granted = await this.#grants[replica]!.ask({ since, shard, more, probes: PROBES });
    for (let i = 0; i < granted; i++) await this.fly(shard);
    return granted;
  }

  async fly(shard: number): Promise<void> {
    const id = (this.#next.get(shard) ?? 0) + 1;
    this.#next.set(shard, id);
    await connection.redis.zadd(flightKey(PREFIX, this.name, shard), -1, String(id));
  }

  async land(shard: number): Promise<void> {
    await connection.redis.zpopmin(flightKey(PREFIX, this.name, shard));
  }

  async flying(): Promise<number> {
    const counts = await Promise.all(
      this.shards.map((shard) => connection.redis.zcard(flightKey(PREFIX, this.name, shard))),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  granted(since = 1): Promise<number> {
    return this.#grants[0]!.total(since);
  }
}

test.each([
  [2, 7],
  [3, 4],
])(
  'over %d replicas with %d shards never more are in flight than there may be, and all are used',
  async (replicas, shards) => {
    const seed = 7_919 * replicas + shards;
    const random = randomFrom(seed);
    const route = new Route(replicas, shards);
    let most = 0;
    for (let turn = 0; turn < 60; turn++) {
      // Each shard has one owner; the first replica has most of them. All ask at the same time.
      await Promise.all(
        route.shards.map(async (shard) => {
          const owner = shard < shards - replicas ? 0 : shard % replicas;
          if (random() < 0.3) await route.land(shard);
          if (random() < 0.7) await route.release(owner, shard, random() < 0.2 ? 0 : 1);
        }),
      );
      const flying = await route.flying();
      expect({ seed, turn, inTime: flying <= PROBES }).toEqual({ seed, turn, inTime: true });
      most = Math.max(most, flying);
    }
    expect(most).toBe(PROBES);
  },
);

test('what is in flight when the breaker opens counts, and what a shard does not need goes to others', async () => {
  const route = new Route(1, 3);
  for (let i = 0; i < 8; i++) await route.fly(0);
  expect(await route.release(0, 0, 1)).toBe(0);
  expect(await route.release(0, 1, 1)).toBe(0);
  expect(await route.granted()).toBe(8);
  for (let i = 0; i < 6; i++) await route.land(0);
  expect(await route.release(0, 0, 0)).toBe(0);
  expect(await route.release(0, 1, 9)).toBe(3);
  expect(await route.release(0, 2, 1)).toBe(0);
  expect(await route.granted()).toBe(PROBES);
});

test('a new owner takes over what the shard was granted', async () => {
  const route = new Route(2, 2);
  expect(await route.release(0, 0, 9)).toBe(5);
  expect(await route.release(1, 0, 1)).toBe(0);
  await route.land(0);
  expect(await route.release(1, 0, 1)).toBe(1);
});

test('each opening begins anew, and who knows only of an earlier one gets nothing', async () => {
  const route = new Route(1, 2);
  expect(await route.release(0, 0, 9, 10)).toBe(5);
  for (let i = 0; i < 5; i++) await route.land(0);
  expect(await route.release(0, 1, 2, 20)).toBe(2);
  expect(await route.release(0, 0, 1, 10)).toBe(0);
  expect([await route.granted(10), await route.granted(20)]).toEqual([0, 2]);
});
