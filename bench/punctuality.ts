import type { Stack } from '../dev/stack/stack.ts';
import { createRouteTopics, produceAll, readTopic } from './kafka.ts';
import type { Outgoing } from './kafka.ts';
import { retryRecords } from './retry-records.ts';
import { startService } from './service.ts';
import { histogramQuantile } from './statistics.ts';

const PER_SECOND = 1_000;
const SECONDS = 60;
const COUNT = PER_SECOND * SECONDS;
/** All are in the box before the first is due. */
const AHEAD = 25_000;

/**
 * 1,000 retries are due per second for a minute. Measured twice: by the service, from the due time to Kafka's
 * acknowledgement, and at a consumer of the main topic, which holds the record later still.
 */
export async function measurePunctuality(
  stack: Stack,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const id = `punctuality-${String(process.pid)}`;
  const topics = await createRouteTopics(stack, id);
  await using service = await startService(stack, {
    name: id,
    ...topics,
    backoff: '{ schedule: [0], jitter: 0 }',
  });
  await service.logged('shard_owned');
  const firstDue = Date.now() + AHEAD;
  await produceAll(stack, topics.retryTopic, dueInTurn(id, firstDue));
  say(`punctuality: ${String(COUNT)} wait, the first is due in ${String(firstDue - Date.now())} ms`);
  const lateness = await readLateness(stack, id);
  lateness.sort((a, b) => a - b);
  const at = (share: number): number =>
    lateness[Math.min(lateness.length - 1, Math.floor(lateness.length * share))] ?? NaN;
  const acknowledged = await service.metrics();
  const quantile = (share: number): number =>
    1_000 * histogramQuantile(acknowledged, 'retry_orchestrator_release_lateness_seconds', share);
  return {
    lateness_p50_ms: quantile(0.5),
    lateness_p99_ms: quantile(0.99),
    lateness_max_ms: at(1),
    early: lateness.filter((late) => late < 0).length,
    lateness_p50_at_consumer_ms: at(0.5),
    lateness_p99_at_consumer_ms: at(0.99),
  };
}

function* dueInTurn(topic: string, firstDue: number): Generator<Outgoing> {
  let i = 0;
  for (const record of retryRecords(COUNT, topic)) {
    const due = firstDue + Math.floor((i++ * 1_000) / PER_SECOND);
    yield {
      ...record,
      headers: [...record.headers, { 'x-retry-not-before': String(due) }, { due: String(due) }],
    };
  }
}

async function readLateness(stack: Stack, topic: string): Promise<number[]> {
  const lateness: number[] = [];
  await readTopic(stack, topic, ({ headers }) => {
    const due = headers?.find((header) => 'due' in header)?.['due'];
    return lateness.push(Date.now() - Number(due?.toString())) < COUNT;
  });
  return lateness;
}
