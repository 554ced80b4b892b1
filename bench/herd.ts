import type { Stack } from '../dev/stack/stack.ts';
import type { Draw } from './chart/keep.ts';
import { MeasuredConsumer } from './consumer.ts';
import { createRouteTopics, produceAll } from './kafka.ts';
import type { Outgoing } from './kafka.ts';
import { retryRecords } from './retry-records.ts';
import { Samples } from './samples.ts';
import { scaled } from './scale.ts';
import { heldMessages, startService } from './service.ts';

const COUNT = scaled(100_000);
const MAX_PER_SECOND = 5_000;
/** A key that fails meanwhile is due this much later, ms; one fails this often. */
const BACKOFF = 1_000;
const FAILS_EVERY = 500;

/** 100,000 retries are due in the same second. How fast do they go out, and what does a key wait that fails just then? */
export async function measureHerd(
  stack: Stack,
  say: (line: string) => void,
  draw: Draw,
): Promise<Record<string, number>> {
  const id = `herd-${String(process.pid)}`;
  const topics = await createRouteTopics(stack, id);
  const route = { name: id, ...topics, gate: false, maxPerSecond: MAX_PER_SECOND };
  await using service = await startService(stack, route);
  await service.logged('shard_owned');
  let herd = 0;
  let lastAt = 0;
  const late: [at: number, seconds: number][] = [];
  let dueAt = Infinity;
  await using consumer = await MeasuredConsumer.start(stack, id, `${id}-consumers`, ({ headers }) => {
    const due = headers?.find((one) => 'due' in one)?.['due'];
    if (due === undefined) {
      herd++;
      lastAt = Date.now();
    } else {
      late.push([(Number(due) - dueAt) / 1_000, (Date.now() - Number(due)) / 1_000]);
    }
  });

  // Held for an hour unless it is known better: the time of the herd is set when all are in the box.
  dueAt = Date.now() + 30_000 + COUNT / 5;
  await produceAll(
    stack,
    topics.retryTopic,
    retryRecords(COUNT, id, { 'x-retry-not-before': String(dueAt) }),
  );
  while ((await heldMessages(service, id)) < COUNT && Date.now() < dueAt) await pause(200);
  say(`herd: ${String(COUNT)} wait, due in ${String(dueAt - Date.now())} ms`);
  await pause(dueAt - Date.now());
  const samples = new Samples(500, () => Promise.resolve({ herd, all: consumer.count }));
  let fails = 0;
  while (herd < COUNT && !samples.quiet('herd', 60, 0)) {
    await produceAll(stack, topics.retryTopic, justFailed(id, fails++));
    await pause(FAILS_EVERY);
  }
  const seconds = (lastAt - dueAt) / 1_000;
  const outAt = samples.elapsed;
  await samples.until(() => late.length >= fails || samples.quiet('all', 20, outAt));
  await samples.stop();

  draw('herd-rate', {
    ...{
      title: `${COUNT.toLocaleString('en')} retries due at once`,
      x: 'seconds since they were due',
      marks: [],
    },
    ...{ y: 'redeliveries per second', series: [samples.rate('redeliveries', 'herd')] },
  });
  draw('herd-lateness', {
    ...{ title: 'A key that fails while the herd goes out', marks: [] },
    ...{ x: 'due, in seconds after the herd', y: 'seconds late at the consumer' },
    series: [{ name: 'lateness', points: late.sort(([a], [b]) => a - b) }],
  });
  const lateness = late.map(([, each]) => each).sort((a, b) => a - b);
  return {
    herd_messages: herd,
    herd_seconds_to_last: seconds,
    herd_per_second: herd / seconds,
    herd_just_failed_p50_s: lateness[Math.floor(lateness.length / 2)] ?? NaN,
    herd_just_failed_max_s: lateness.at(-1) ?? NaN,
    herd_just_failed_missing: fails - late.length,
  };
}

/** One message, whose origin is none of the others'. */
function* justFailed(topic: string, i: number): Generator<Outgoing> {
  const due = Date.now() + BACKOFF;
  for (const record of retryRecords(1, topic, { 'x-retry-not-before': String(due), due: String(due) })) {
    const headers = record.headers.filter((each) => !('x-retry-origin-offset' in each));
    const origin = { 'x-retry-origin-offset': String(COUNT + i) };
    yield { ...record, partition: 0, headers: [...headers, origin] };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
