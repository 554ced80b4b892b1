import { Redis } from 'ioredis';
import type { Stack } from '../dev/stack/stack.ts';
import type { Draw } from './chart/keep.ts';
import { MeasuredConsumer, Origins } from './consumer.ts';
import { createRouteTopics, PARTITIONS, produceAll } from './kafka.ts';
import type { Outgoing } from './kafka.ts';
import { retryRecords } from './retry-records.ts';
import { Samples } from './samples.ts';
import { scaled } from './scale.ts';
import { heldMessages, startService } from './service.ts';

/** Held for the whole time, and what comes in besides, each second, due some seconds later. */
const HELD = scaled(100_000);
const PER_SECOND = 1_000;
const SECONDS = 60;
const BACKOFF = 10_000;
/** When Redis is flushed, s. */
const FLUSH_AT = 30;
const DAY = 24 * 3_600_000;

/** Redis loses all its data under load: what is held, and what is redelivered, over time. */
export async function measureOutage(
  stack: Stack,
  say: (line: string) => void,
  draw: Draw,
): Promise<Record<string, number>> {
  const redis = new Redis(stack.redis.url);
  const id = `outage-${String(process.pid)}`;
  const topics = await createRouteTopics(stack, id);
  await using service = await startService(stack, { name: id, ...topics, gate: false });
  await service.logged('shard_owned');
  const origins = new Origins(PARTITIONS, PER_SECOND * SECONDS);
  await using consumer = await MeasuredConsumer.start(stack, id, `${id}-consumers`, (message) => {
    origins.take(message);
  });
  await produceAll(stack, topics.retryTopic, longHeld(id));
  while ((await heldMessages(service, id)) < HELD) await new Promise((resolve) => setTimeout(resolve, 200));

  const samples = new Samples(500, async () => ({
    // While shards are rebuilt the totals are without them.
    held: await heldMessages(service, id).catch(() => 0),
    delivered: consumer.count,
    ready: (await fetch(`${service.url}/readyz`)).status === 200 ? 1 : 0,
  }));
  let flushedAt = NaN;
  let second = 0;
  const records = [...retryRecords(PER_SECOND * SECONDS, id)];
  while (second < SECONDS) {
    await samples.until(() => samples.elapsed >= second);
    if (second === FLUSH_AT) {
      await redis.flushall();
      flushedAt = samples.elapsed;
    }
    const due = { 'x-retry-not-before': String(Date.now() + BACKOFF) };
    const batch = records.slice(second * PER_SECOND, ++second * PER_SECOND);
    await produceAll(
      stack,
      topics.retryTopic,
      batch.map((each) => ({ ...each, headers: [...each.headers, due] })),
    );
  }
  const inAt = samples.elapsed;
  await samples.until(() => origins.missing === 0 || samples.quiet('delivered', 60, inAt));
  await samples.stop();
  redis.disconnect();
  const away = samples.readings.find(({ at, ready }) => at > flushedAt && ready === 0)?.at ?? flushedAt;
  const backAt = samples.readings.find(({ at, ready }) => at > away && ready === 1)?.at ?? NaN;
  say(`outage: ${String(origins.missing)} did not come back, ${String(origins.again)} came twice`);

  const marks = [{ at: flushedAt, name: 'Redis flushed' }];
  draw('outage-held', {
    ...{ title: 'Redis loses its data under load: held messages', x: 'seconds', y: 'messages', marks },
    series: [samples.line('held, as the service says', 'held')],
  });
  draw('outage-rate', {
    ...{ title: 'Redis loses its data under load: redeliveries', x: 'seconds', y: 'per second', marks },
    series: [samples.rate('redeliveries', 'delivered')],
  });
  return {
    outage_held: HELD,
    outage_rebuild_seconds: backAt - flushedAt,
    outage_lost: origins.missing,
    outage_delivered_twice: origins.again,
  };
}

/** Their origins are beyond those that come back. */
function* longHeld(topic: string): Generator<Outgoing> {
  const later = { 'x-retry-delay-ms': String(DAY) };
  let i = 0;
  for (const record of retryRecords(HELD, topic, later)) {
    const offset = { 'x-retry-origin-offset': String(10_000_000 + i++) };
    yield {
      ...record,
      headers: [...record.headers.filter((each) => !('x-retry-origin-offset' in each)), offset],
    };
  }
}
