import { Redis } from 'ioredis';
import type { Stack } from '../dev/stack/stack.ts';
import { connectAdmin, createTopics, PARTITIONS, produceAll, readTopic } from './kafka.ts';
import type { Outgoing } from './kafka.ts';
import { retryRecords } from './retry-records.ts';
import { startService } from './service.ts';
import type { MeasuredService } from './service.ts';

const HELD = 100_000;
/** Resolved meanwhile, between the message that is a week old and the others. */
const RESOLVED = 600_000;
const WEEK = 7 * 24 * 3_600_000;
/** A day: they are all held while we look. */
const LATER = { 'x-retry-delay-ms': '86400000' };

/**
 * 100,000 messages of 1 KiB wait, and Redis loses all its data: from FLUSHALL until the service is ready again. Against a
 * process that only reads the same records. Then the same where one of them is a week old and 600,000 were resolved since.
 */
export async function measureRebuild(
  stack: Stack,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const fresh = await rebuild(stack, 'rebuild', [...retryRecords(HELD, 'rebuild', LATER)]);
  say(`rebuild: ${fresh.seconds.toFixed(2)} s; only reading takes ${fresh.bare.toFixed(2)} s`);
  const aged = await rebuild(stack, 'aged', agedRecords());
  say(
    `rebuild, one of them a week old: ${aged.seconds.toFixed(2)} s; its topic holds ${String(aged.records)}`,
  );
  return {
    rebuild_seconds: fresh.seconds,
    rebuild_ratio: fresh.bare / fresh.seconds,
    rebuild_week_old_seconds: aged.seconds,
  };
}

async function rebuild(
  stack: Stack,
  id: string,
  records: Iterable<Outgoing>,
): Promise<{ seconds: number; bare: number; records: number }> {
  const admin = await connectAdmin(stack);
  const redis = new Redis(stack.redis.url);
  const topics = { topic: id, retryTopic: `${id}.retry`, deadLetterTopic: `${id}.dlq` };
  await createTopics(admin, Object.values(topics));
  await produceAll(stack, topics.retryTopic, records);
  await using service = await startService(stack, { name: id, ...topics });
  await service.logged('shard_owned');
  await until(async () => (await held(service, id)) === HELD && (await isReady(service)));
  await until(async () => (await restReadsAtMost(stack, id)) <= 2 * HELD);

  const begun = performance.now();
  await redis.flushall();
  // The service notices by itself, at its next call.
  await until(async () => !(await isReady(service)));
  await until(() => isReady(service));
  const seconds = (performance.now() - begun) / 1_000;
  await until(async () => (await held(service, id)) === HELD);

  const ends = await admin.fetchTopicOffsets(topics.retryTopic);
  const all = ends.reduce((sum, { high }) => sum + Number(high), 0);
  const bare = await readAll(stack, topics.retryTopic, all);
  redis.disconnect();
  await admin.disconnect();
  return { seconds, bare, records: all };
}

/** One old message in each partition, second copies of it, which are ignored, and then those that wait. */
function* agedRecords(): Generator<Outgoing> {
  const [...first] = retryRecords(PARTITIONS, 'aged', LATER);
  for (const record of first) yield { ...record, timestamp: Date.now() - WEEK };
  for (let i = 0; i < RESOLVED; i++) yield first[i % PARTITIONS]!;
  let skipped = 0;
  for (const record of retryRecords(HELD, 'aged', LATER)) if (++skipped > PARTITIONS) yield record;
}

async function readAll(stack: Stack, topic: string, count: number): Promise<number> {
  let begun = NaN;
  let read = 0;
  await readTopic(stack, topic, () => {
    if (read === 0) begun = performance.now();
    return ++read < count;
  });
  return (performance.now() - begun) / 1_000;
}

/** How many records a rebuild would read now. */
async function restReadsAtMost(stack: Stack, id: string): Promise<number> {
  const admin = await connectAdmin(stack);
  const ends = await admin.fetchTopicOffsets(`${id}.retry`);
  const [found] = await admin.fetchOffsets({
    groupId: `retry-orchestrator.${id}`,
    topics: [`${id}.retry`],
  });
  await admin.disconnect();
  return ends.reduce((sum, { partition, high }) => {
    const committed = Number(found?.partitions.find((one) => one.partition === partition)?.offset ?? 0);
    return sum + Number(high) - Math.max(0, committed);
  }, 0);
}

async function held(service: MeasuredService, route: string): Promise<number | undefined> {
  const answer = await fetch(`${service.url}/v1/routes/${route}`);
  return ((await answer.json()) as { totals?: { heldMessages?: number } }).totals?.heldMessages;
}

async function isReady(service: MeasuredService): Promise<boolean> {
  return (await fetch(`${service.url}/readyz`)).status === 200;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 20));
}
