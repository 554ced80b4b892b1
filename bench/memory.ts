import { Redis } from 'ioredis';
import type { Stack } from '../dev/stack/stack.ts';
import { connectAdmin, createTopics, produceAll } from './kafka.ts';
import { retryRecords } from './retry-records.ts';
import { startService } from './service.ts';

const FEW = 10_000;
const MANY = 200_000;
/** What a record says about itself: src/penalty-box/lua/shared/lock.lua, src/penalty-box/payload.ts. */
const HEAD = 21 + 4 + 13;
const KEY = 36;
/** A day: they are all held while we look. */
const LATER = { 'x-retry-delay-ms': '86400000' };

/** Resident size of the service with 10,000 and with 200,000 held messages, and what one costs in Redis. */
export async function measureMemory(
  stack: Stack,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const admin = await connectAdmin(stack);
  const redis = new Redis(stack.redis.url);
  const id = `memory-${String(process.pid)}`;
  const topics = { topic: id, retryTopic: `${id}.retry`, deadLetterTopic: `${id}.dlq` };
  await createTopics(admin, Object.values(topics));
  const empty = await usedMemory(redis);

  const sizes: number[] = [];
  await using service = await startService(stack, { name: id, ...topics });
  await service.logged('shard_owned');
  let held = 0;
  for (const count of [FEW, MANY]) {
    await produceAll(stack, topics.retryTopic, [...retryRecords(count, id, LATER)].slice(held));
    held = count;
    await untilHeld(service.url, id, count);
    sizes.push(await settledRss(service));
    say(`memory: ${String(count)} held, resident ${sizes.at(-1)?.toFixed(0) ?? ''} MiB`);
  }
  const [few = NaN, many = NaN] = sizes;

  // What the same payloads would take as plain fields of a hash with short names: the price of keeping them at all.
  const perMessage = ((await usedMemory(redis)) - empty) / MANY;
  const payload = await payloadBytes(redis, id);
  redis.disconnect();
  await admin.disconnect();
  return {
    rss_few_mib: few,
    rss_many_mib: many,
    rss_growth_mib: many - few,
    redis_bytes_per_held_message: perMessage,
    redis_payload_bytes: payload,
    redis_entry_bytes: perMessage - payload,
  };
}

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/^used_memory_dataset:(\d+)/m.exec(await redis.info('memory'))?.[1] ?? NaN);
}

/** What is stored of one message that is not ours: its value, its headers, its key once. */
async function payloadBytes(redis: Redis, route: string): Promise<number> {
  const sample = await redis.hrandfieldBuffer(`ro:{${route}:0}:records`, 1, 'WITHVALUES');
  return ((sample as Buffer[])[1]?.length ?? NaN) - HEAD + KEY;
}

async function untilHeld(url: string, route: string, count: number): Promise<void> {
  for (;;) {
    const answer = (await (await fetch(`${url}/v1/routes/${route}`)).json()) as {
      totals?: { heldMessages?: number };
    };
    if (answer.totals?.heldMessages === count) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The smallest of a few readings over some seconds: between two collections the heap swings. */
async function settledRss(service: { rss(): Promise<number> }): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    least = Math.min(least, await service.rss());
  }
  return least;
}
