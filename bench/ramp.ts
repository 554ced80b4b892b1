import type { Stack } from '../dev/stack/stack.ts';
import type { Draw } from './chart/keep.ts';
import { MeasuredConsumer } from './consumer.ts';
import { createRouteTopics, produceAll } from './kafka.ts';
import { retryRecords } from './retry-records.ts';
import { Samples } from './samples.ts';
import { scaled } from './scale.ts';
import { startService } from './service.ts';
import type { MeasuredService } from './service.ts';

const COUNT = scaled(80_000);
const MAX_PER_SECOND = 1_000;
/** How long each part takes, s. */
const AFTER_START = 40;
const OPEN = 10;
const AFTER_OPEN = 40;
/** The rate counts as reached at this share of it, over two readings. */
const REACHED = 0.8;

/** More is due than may go out: the rate after a start, and after the circuit breaker was open. */
export async function measureRamp(
  stack: Stack,
  say: (line: string) => void,
  draw: Draw,
): Promise<Record<string, number>> {
  const id = `ramp-${String(process.pid)}`;
  const topics = await createRouteTopics(stack, id);
  await produceAll(stack, topics.retryTopic, retryRecords(COUNT, id));
  await using consumer = await MeasuredConsumer.start(stack, id, `${id}-consumers`);
  const route = { name: id, ...topics, gate: false, maxPerSecond: MAX_PER_SECOND };
  await using service = await startService(stack, route);
  await service.logged('shard_owned');

  const samples = new Samples(1_000, () => Promise.resolve({ delivered: consumer.count }));
  await samples.until(() => samples.elapsed >= AFTER_START);
  const openedAt = samples.elapsed;
  await setBreaker(service, id, 'open');
  await samples.until(() => samples.elapsed >= openedAt + OPEN);
  const closedAt = samples.elapsed;
  await setBreaker(service, id, 'closed');
  await samples.until(() => samples.elapsed >= closedAt + AFTER_OPEN);
  await samples.stop();
  say(`ramp: ${String(consumer.count)} of ${String(COUNT)} were delivered meanwhile`);

  const rate = samples.rate('redeliveries', 'delivered');
  draw('ramp', {
    ...{ title: 'Redeliveries after a start and after an open breaker', x: 'seconds since the start' },
    ...{ y: 'redeliveries per second', series: [rate] },
    marks: [
      { at: openedAt, name: 'breaker opened' },
      { at: closedAt, name: 'closed' },
    ],
  });
  return {
    ramp_max_per_second: MAX_PER_SECOND,
    ramp_most_per_second: Math.max(...rate.points.map(([, each]) => each)),
    ramp_after_start_seconds: reachedAfter(rate.points, 0, openedAt),
    ramp_while_open_per_second: meanOf(rate.points, openedAt + 2, closedAt),
    ramp_after_breaker_seconds: reachedAfter(rate.points, closedAt, Infinity),
  };
}

type Points = readonly (readonly [number, number])[];

/** Seconds until the rate was nearly what is allowed; Infinity: it never was. */
function reachedAfter(points: Points, from: number, to: number): number {
  const part = points.filter(([at]) => at > from && at <= to);
  const found = part.find(
    ([, rate], i) => Math.min(rate, part[i + 1]?.[1] ?? rate) >= REACHED * MAX_PER_SECOND,
  );
  return found === undefined ? Infinity : found[0] - from;
}

function meanOf(points: Points, from: number, to: number): number {
  const part = points.filter(([at]) => at > from && at <= to);
  return part.reduce((sum, [, rate]) => sum + rate, 0) / part.length;
}

async function setBreaker(service: MeasuredService, route: string, state: 'open' | 'closed'): Promise<void> {
  const answer = await fetch(`${service.url}/v1/routes/${route}/breaker`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ state, reason: 'bench' }),
  });
  if (!answer.ok) throw new Error(`the breaker: ${String(answer.status)} ${await answer.text()}`);
}
