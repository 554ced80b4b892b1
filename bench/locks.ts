import { Redis } from 'ioredis';
import type { Stack } from '../dev/stack/stack.ts';
import { connectAdmin, createTopics, produceAll } from './kafka.ts';
import type { Outgoing } from './kafka.ts';
import { retryRecords } from './retry-records.ts';
import { startService } from './service.ts';
import type { MeasuredService } from './service.ts';

const LOCKS = 100_000;
const PAGES = 1_000;
/** Retries due in each second meanwhile: what `redelivery.maxPerSecond` lets through unless told otherwise. */
const RETRIES = 500;
const SECONDS = 30;
/** The retries are all there before the first is due, ms. */
const LEAD = 10_000;
const LATER = { 'x-retry-delay-ms': '86400000' };
/** Microseconds. */
const SLOW = 5_000;

/**
 * How long the first page by age of 100,000 locks takes over HTTP while 500 retries a second run, how many scripts took 5 ms
 * or more meanwhile, and what the order by age costs a lock in Redis.
 */
export async function measureLocks(
  stack: Stack,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const admin = await connectAdmin(stack);
  const redis = new Redis(stack.redis.url);
  const id = `locks-${String(process.pid)}`;
  const topics = { topic: id, retryTopic: `${id}.retry`, deadLetterTopic: `${id}.dlq` };
  await createTopics(admin, Object.values(topics));
  await using service = await startService(stack, { name: id, ...topics });
  await service.logged('shard_owned');
  await produceAll(stack, topics.retryTopic, retryRecords(LOCKS, id, LATER));
  await untilLocked(service, id, LOCKS);
  const begin = Date.now() + LEAD;
  await produceAll(stack, topics.retryTopic, retriesFrom(begin, id));
  await untilLocked(service, id, LOCKS + RETRIES * SECONDS);
  const ages = await sizeOfAges(redis, id);
  say(`locks: ${String(LOCKS)} are held`);

  await new Promise((resolve) => setTimeout(resolve, begin - Date.now()));
  await redis.config('SET', 'slowlog-log-slower-than', String(SLOW));
  await redis.slowlog('RESET');
  const took: number[] = [];
  for (let page = 0; page < PAGES; page++) {
    const begun = performance.now();
    const answer = await fetch(`${service.url}/v1/routes/${id}/locks`);
    const { locks } = (await answer.json()) as { locks: unknown[] };
    took.push(performance.now() - begun);
    if (locks.length !== 100) throw new Error(`a page of ${String(locks.length)} locks`);
  }
  const slow = await redis.slowlog('LEN');
  redis.disconnect();
  await admin.disconnect();
  took.sort((a, b) => a - b);
  return {
    locks_page_p50_ms: took[Math.floor(PAGES * 0.5)] ?? NaN,
    locks_page_p99_ms: took[Math.floor(PAGES * 0.99)] ?? NaN,
    locks_page_max_ms: took.at(-1) ?? NaN,
    locks_scripts_over_5_ms: Number(slow),
    redis_age_order_bytes: ages,
  };
}

/** Of keys of their own, due one after another: while they are, this process only asks. */
function* retriesFrom(begin: number, id: string): Generator<Outgoing> {
  let due = begin;
  for (const record of retryRecords(RETRIES * SECONDS, id)) {
    due += 1_000 / RETRIES;
    yield { ...record, headers: [...record.headers, { 'x-retry-not-before': String(Math.floor(due)) }] };
  }
}

async function untilLocked(service: MeasuredService, id: string, locks: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`${service.url}/v1/routes/${id}`);
    const { totals } = (await answer.json()) as { totals?: { lockedKeys?: number } };
    if (totals?.lockedKeys === locks) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Bytes of the order by age for one lock. */
async function sizeOfAges(redis: Redis, id: string): Promise<number> {
  const key = `ro:{${id}:0}:ages`;
  const size = Number(await redis.memory('USAGE', key, 'SAMPLES', 0));
  return size / (await redis.zcard(key));
}
