import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { keyUnit } from '../../../src/domain/unit.ts';
import { BoxApi } from '../../support/box-api.ts';
import { BoxBench, is } from '../../support/penalty-box.ts';
import type { BoxShard } from '../../support/penalty-box.ts';
import { redisUrl } from '../../support/stack.ts';

let bench: BoxBench;
beforeAll(async () => (bench = await BoxBench.open(redisUrl)));
afterAll(() => bench[Symbol.asyncDispose]());

const LOCKS = 100_000;
/** Microseconds. */
const SLOW = 5_000;
/**
 * A script that is slow is so in each of these rounds, and most times that it runs. What is slow now and then has waited for
 * a processor, on a busy machine.
 */
const ROUNDS = { atLeast: 8, atMost: 20 };
const PAGES = 25;
/** Runs of scripts in a round, at most so many. */
const LOGGED = 5_000;

/** Of the script that takes longest what half of its runs take at most, microseconds. */
function slowest(log: readonly unknown[]): number {
  const runs = new Map<string, number[]>();
  for (const entry of log) {
    const [, , micros, command] = entry as [
      id: number,
      at: number,
      micros: number,
      command: readonly string[],
    ];
    const [name, script] = command;
    if (name?.toLowerCase() === 'evalsha')
      runs.set(String(script), [...(runs.get(String(script)) ?? []), micros]);
  }
  const medians = [...runs.values()].map((all) => all.sort((a, b) => a - b)[all.length >> 1] ?? 0);
  return Math.max(...medians);
}

async function lockMany(shard: BoxShard): Promise<void> {
  for (let from = 0; from < LOCKS; from += 1_000) {
    shard.time += 10;
    const delay = from < LOCKS / 2 ? 0 : 1e9;
    await shard.read(
      ...Array.from({ length: 1_000 }, (_, i) => ({
        unit: keyUnit(Buffer.from(`order-${String(from + i)}`)),
        origin: from + i,
        failedAt: shard.time,
        delay,
      })),
    );
  }
}

/** Retries that fail again, a few at a time as under a rate limit, until told to end. */
async function retry(shard: BoxShard, end: AbortSignal): Promise<number> {
  let retried = 0;
  await shard.claim();
  while (!end.aborted) {
    const jobs = await shard.deliver(retried, 50);
    await shard.admit(...jobs);
    for (const job of jobs.slice(0, 10)) await shard.fail(job);
    await shard.succeed(...jobs.slice(10));
    retried += jobs.length;
  }
  return retried;
}

test('the oldest of 100,000 locks are listed while retries run, a new owner has nothing to load, and no script takes 5 ms', async () => {
  const shard = await bench.shard({ maxAttempts: 1_000 });
  await using api = await BoxApi.open(shard);
  await lockMany(shard);
  await shard.redis.config('SET', 'slowlog-max-len', String(LOGGED));
  await shard.redis.config('SET', 'slowlog-log-slower-than', '0');

  const end = new AbortController();
  const retries = retry(shard, end.signal);
  await using _retries = {
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await retries;
    },
  };
  const took: number[] = [];
  let least = Infinity;
  for (let round = 0; round < ROUNDS.atLeast || (least >= SLOW && round < ROUNDS.atMost); round++) {
    await shard.redis.slowlog('RESET');
    for (let page = 0; page < PAGES; page++) {
      const begun = performance.now();
      const filter = page % 4 === 3 ? '?state=parked' : '';
      const { status, body } = await api.get(api.path(`/locks${filter}`));
      if (filter === '') took.push(performance.now() - begun);
      expect(status).toBe(200);
      expect(body['locks']).toHaveLength(filter === '' ? 100 : 0);
    }
    least = Math.min(least, slowest((await shard.redis.slowlog('GET', LOGGED)) as unknown[]));
  }
  end.abort();
  const retried = await retries;
  took.sort((a, b) => a - b);
  process.stdout.write(
    `${String(LOCKS)} locks, ${String(retried)} retries meanwhile: first page p50 ${quantile(took, 0.5)} ms, ` +
      `p99 ${quantile(took, 0.99)} ms\n`,
  );
  expect(retried).toBeGreaterThan(0);

  let takeover = Infinity;
  for (let round = 0; takeover >= SLOW && round < ROUNDS.atMost; round++) {
    await shard.redis.slowlog('RESET');
    // One script; it goes on behind the last record that was read, and no lock is looked at.
    expect((await shard.takeOver()).cursor).toBe(LOCKS);
    takeover = Math.min(takeover, slowest((await shard.redis.slowlog('GET', LOGGED)) as unknown[]));
  }
  process.stdout.write(`taken over in ${String(takeover / 1_000)} ms of Redis\n`);
  expect(takeover).toBeLessThan(SLOW);
  await shard.redis.config('SET', 'slowlog-log-slower-than', '10000');
  await shard.redis.config('SET', 'slowlog-max-len', '128');
  expect(least).toBeLessThan(SLOW);
  is(await shard.owner.reset(0));
});

function quantile(sorted: readonly number[], share: number): string {
  return (sorted[Math.floor(sorted.length * share)] ?? NaN).toFixed(1);
}
