import { expect, test } from '@jest/globals';
import { OrchestratorError } from '../../../src/errors.ts';
import { ReadShard } from '../../../src/ownership/shard-readings.ts';
import type { Totals } from '../../../src/penalty-box/operator-box.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const INTERVAL = 2_000;

/** A shard that this replica has just got, and what Redis says of it; null: it is not there. */
function shard() {
  const clock = new FakeClock();
  const redis = { lockedKeys: 20 as number | null };
  const totals = (): Promise<Totals> =>
    redis.lockedKeys === null
      ? Promise.reject(new OrchestratorError('UNAVAILABLE', 'Redis is away'))
      : Promise.resolve({ lockedKeys: redis.lockedKeys } as Totals);
  const reading = new ReadShard(
    { partition: 0, restored: true, lag: 0 },
    {
      operator: { totals },
      now: () => clock.now(),
      ...{ clock, ordered: true, deadLetters: () => 0 },
      lags: { consumerLag: () => null, drift: () => null },
    },
  );
  return { clock, redis, reading };
}

test('it has its figures at once, and every two seconds anew', async () => {
  const { clock, redis, reading } = shard();
  await clock.advance(0);
  expect(reading.locksHeld).toBe(20);
  redis.lockedKeys = 7;
  await clock.advance(INTERVAL);
  expect(reading.locksHeld).toBe(7);
  reading.stop();
  expect(clock.timers).toBe(0);
});

test('what Redis loses of a shard that has just come is told as lost, once', async () => {
  const { clock, redis, reading } = shard();
  await clock.advance(0);
  redis.lockedKeys = null;
  expect(reading.takeLost()).toBe(20);
  expect(reading.takeLost()).toBe(0);
  reading.stop();
});

test('while Redis is away the last figures stand', async () => {
  const { clock, redis, reading } = shard();
  await clock.advance(0);
  redis.lockedKeys = null;
  await clock.advance(2 * INTERVAL);
  expect(reading.locksHeld).toBe(20);
  reading.stop();
});
