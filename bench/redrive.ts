import type { Stack } from '../dev/stack/stack.ts';
import { connectAdmin, createTopics, produceAll, readTopic, untilTopicHolds } from './kafka.ts';
import { copy } from './loop.ts';
import { retryRecords } from './retry-records.ts';
import { startService } from './service.ts';
import type { MeasuredService } from './service.ts';

const RECORDS = 100_000;
const LIMIT = 500;
const LIMITED_RECORDS = 5_000;
const DEAD = { 'x-retry-dead-letter-reason': 'exhausted', 'x-retry-error-class': 'TypeError' };

/**
 * 100,000 dead letters of 1 KiB, each of its own key, are redriven without a limit, against a process that only copies them:
 * until all are published to the retry topic while the route is paused, and then, from the beginning once more, until all of
 * them are also on the main topic. Then 5,000 with a limit of 500/s.
 */
export async function measureRedrive(
  stack: Stack,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const admin = await connectAdmin(stack);
  const id = `redrive-${String(process.pid)}`;
  const bare = `${id}-bare`;
  await createTopics(admin, [...Object.values(topicsOf(id)), bare]);
  const { deadLetterTopic, topic } = topicsOf(id);
  await produceAll(stack, deadLetterTopic, retryRecords(RECORDS, topic, DEAD));
  const bareSeconds = await copy(stack, deadLetterTopic, bare, RECORDS);

  const paused = `${id}-paused`;
  await createTopics(admin, Object.values(topicsOf(paused)));
  await produceAll(stack, topicsOf(paused).deadLetterTopic, retryRecords(RECORDS, paused, DEAD));
  let published: number;
  {
    await using service = await startService(stack, { name: paused, ...topicsOf(paused) });
    await untilIndexed(service, paused, RECORDS);
    await pause(service, paused);
    const begun = performance.now();
    await redrive(service, paused, {});
    published = (performance.now() - begun) / 1_000;
  }

  let redelivered: number;
  {
    await using service = await startService(stack, { name: id, ...topicsOf(id) });
    await untilIndexed(service, id, RECORDS);
    const begun = performance.now();
    const done = redrive(service, id, {});
    redelivered = ((await untilTopicHolds(admin, topic, RECORDS)) - begun) / 1_000;
    await done;
  }
  say(
    `redrive: bare ${bareSeconds.toFixed(2)} s, published ${published.toFixed(2)} s, redelivered ${redelivered.toFixed(2)} s`,
  );

  const limited = `${id}-limited`;
  await createTopics(admin, Object.values(topicsOf(limited)));
  await produceAll(stack, topicsOf(limited).deadLetterTopic, retryRecords(LIMITED_RECORDS, limited, DEAD));
  await admin.disconnect();
  await using service = await startService(stack, { name: limited, ...topicsOf(limited) });
  await untilIndexed(service, limited, LIMITED_RECORDS);
  await redrive(service, limited, { maxPerSecond: LIMIT });
  const perSecond = await paceOf(stack, topicsOf(limited).retryTopic);
  say(`redrive: ${perSecond.toFixed(1)}/s with a limit of ${String(LIMIT)}/s`);
  return {
    redrive_published_per_second: RECORDS / published,
    redrive_redelivered_per_second: RECORDS / redelivered,
    redrive_bare_records_per_second: RECORDS / bareSeconds,
    redrive_ratio: bareSeconds / published,
    redrive_limited_per_second: perSecond,
  };
}

function topicsOf(id: string): { topic: string; retryTopic: string; deadLetterTopic: string } {
  return { topic: id, retryTopic: `${id}.retry`, deadLetterTopic: `${id}.dlq` };
}

async function untilIndexed(service: MeasuredService, route: string, count: number): Promise<void> {
  await service.logged('shard_owned');
  const wanted = `retry_orchestrator_dead_letter_depth{route="${route}"} ${String(count)}`;
  while (!(await service.metrics()).includes(wanted)) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function pause({ url }: MeasuredService, route: string): Promise<void> {
  const answer = await fetch(`${url}/v1/routes/${route}/pause`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'a benchmark' }),
  });
  if (!answer.ok) throw new Error(`the route could not be paused: ${String(answer.status)}`);
}

/** Resolves when it is done. */
async function redrive({ url }: MeasuredService, route: string, how: object): Promise<void> {
  const path = `${url}/v1/routes/${route}/redrives`;
  const created = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ all: true, reason: 'a benchmark', ...how }),
  });
  const { id } = (await created.json()) as { id: string };
  for (;;) {
    const answer = await fetch(`${path}/${id}`);
    const { state } = (await answer.json()) as { state: string };
    if (state === 'done') return;
    if (state !== 'running') throw new Error(`the redrive is ${state}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** By the timestamps of the copies in the retry topic. */
async function paceOf(stack: Stack, retryTopic: string): Promise<number> {
  const times: number[] = [];
  await readTopic(stack, retryTopic, ({ headers, timestamp = 0 }) => {
    if (headers?.some((header) => 'x-retry-redrive' in header) === true) times.push(timestamp);
    return times.length < LIMITED_RECORDS;
  });
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return ((times.length - 1) * 1_000) / (last - first);
}
