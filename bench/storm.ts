import { Redis } from 'ioredis';
import type { Stack } from '../dev/stack/stack.ts';
import type { Draw } from './chart/keep.ts';
import { Origins } from './consumer.ts';
import { MeasuredGate } from './gated-consumer.ts';
import { createRouteTopics, PARTITIONS, produceAll } from './kafka.ts';
import { retryRecords } from './retry-records.ts';
import { Samples } from './samples.ts';
import { scaled } from './scale.ts';
import { heldMessages, startService } from './service.ts';
import { metricSum } from './statistics.ts';

const COUNT = scaled(1_000_000);
const MAXMEMORY = 256;
/** All of it comes in, or as much as there is room for, before the first is due, ms. */
const AHEAD = 60_000;
/** Of the metric `backpressure_state`. */
const STOPPED = 2;

/**
 * A million failures of 1 KiB come in while Redis may take 256 MiB. What does it cost the service and Redis while they wait,
 * and is all of it delivered in the end?
 */
export async function measureStorm(
  stack: Stack,
  say: (line: string) => void,
  draw: Draw,
): Promise<Record<string, number>> {
  const redis = new Redis(stack.redis.url);
  const id = `storm-${String(process.pid)}`;
  const topics = await createRouteTopics(stack, id);
  await redis.config('SET', 'maxmemory', `${String(MAXMEMORY)}mb`);
  await redis.config('RESETSTAT');
  const route = { name: id, ...topics };
  await using service = await startService(stack, route);
  await service.logged('shard_owned');
  const origins = new Origins(PARTITIONS, COUNT);
  let delivered = 0;
  await using _consumer = await MeasuredGate.start(stack, service, route, (record) => {
    delivered++;
    origins.take(record);
  });

  const samples = new Samples(1_000, async () => {
    const metrics = await service.metrics();
    return {
      rss: await service.rss(),
      redis: (await memoryOf(redis)) / 2 ** 20,
      held: await heldMessages(service, id),
      lag: metricSum(metrics, 'ingest_lag_messages'),
      backpressure: metricSum(metrics, 'backpressure_state'),
      delivered,
    };
  });
  await samples.until(() => samples.elapsed >= 10);
  const idle = Math.min(...samples.readings.map(({ rss }) => rss));
  const dueAt = Date.now() + AHEAD;
  const due = { 'x-retry-not-before': String(dueAt) };
  const marks = [{ at: samples.elapsed, name: 'failures come in' }];
  await produceAll(stack, topics.retryTopic, retryRecords(COUNT, id, due));
  marks.push({ at: samples.elapsed, name: 'all are in Kafka' });
  say(`storm: ${String(COUNT)} failures are in Kafka after ${(samples.elapsed - 10).toFixed(0)} s`);
  await samples.until(() => Date.now() >= dueAt);
  const dueFrom = samples.elapsed;
  marks.push({ at: dueFrom, name: 'due' });
  await samples.until(() => origins.missing === 0 || samples.quiet('delivered', 60, dueFrom));
  await samples.stop();
  const outOfMemory = await refusals(redis);
  redis.disconnect();

  draw('storm-memory', {
    ...{
      title: `Memory while ${COUNT.toLocaleString('en')} failures of 1 KiB wait`,
      x: 'seconds',
      y: 'MiB',
      marks,
    },
    series: [
      samples.line('resident size of the service', 'rss'),
      samples.line(`Redis (maxmemory ${String(MAXMEMORY)})`, 'redis'),
    ],
  });
  draw('storm-messages', {
    ...{ title: 'Where the failures are', x: 'seconds', y: 'messages', marks },
    series: [
      samples.line('held', 'held'),
      samples.line('not read yet', 'lag'),
      samples.line('delivered', 'delivered'),
    ],
  });
  return {
    storm_messages: COUNT,
    storm_lost: origins.missing,
    storm_delivered_twice: origins.again,
    storm_redis_refused_for_memory: outOfMemory,
    storm_redis_most_mib: samples.most('redis'),
    storm_rss_idle_mib: idle,
    storm_rss_growth_mib: samples.most('rss') - idle,
    storm_backpressure_most: samples.most('backpressure'),
    storm_reading_stopped_seconds: stoppedSeconds(samples),
    storm_seconds: samples.elapsed,
  };
}

/** Seconds in which the service read no further. */
function stoppedSeconds({
  readings,
}: Samples<'backpressure' | 'held' | 'lag' | 'delivered' | 'rss' | 'redis'>): number {
  return readings.reduce((sum, { at, backpressure }, i) => {
    const until = readings[i + 1]?.at ?? at;
    return backpressure === STOPPED ? sum + until - at : sum;
  }, 0);
}

async function memoryOf(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1] ?? NaN);
}

/** How often Redis answered that it has no memory. */
async function refusals(redis: Redis): Promise<number> {
  return Number(/^errorstat_OOM:count=(\d+)/m.exec(await redis.info('errorstats'))?.[1] ?? 0);
}
