import type { Stack } from '../dev/stack/stack.ts';
import { createRouteTopics, PARTITIONS, produceAll, readTopic } from './kafka.ts';
import type { Outgoing } from './kafka.ts';
import { retryRecords } from './retry-records.ts';
import { startService } from './service.ts';
import type { MeasuredService } from './service.ts';

/** Retries due per second, over all partitions. */
const PER_SECOND = 240;
const SECONDS = 40;
/** Until the first is due, so that both replicas have their share by then. */
const AHEAD = 15_000;
/** Into the stream. */
const END_AT = 5_000;

/** Retries are due all the time, and one of two replicas ends: how long its shards deliver nothing. */
export async function measureTakeover(
  stack: Stack,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const killed = await silence(stack, 'SIGKILL');
  say(
    `takeover: after SIGKILL its shards were silent for ${killed.toFixed(2)} s (the session timeout is 10 s)`,
  );
  const terminated = await silence(stack, 'SIGTERM');
  say(`takeover: after SIGTERM for ${terminated.toFixed(2)} s`);
  return { takeover_after_kill_seconds: killed, takeover_after_term_seconds: terminated };
}

/** The longest time that a shard of the replica that ends delivers nothing after the signal. */
async function silence(stack: Stack, signal: 'SIGKILL' | 'SIGTERM'): Promise<number> {
  const id = `takeover-${signal.toLowerCase()}`;
  const topics = await createRouteTopics(stack, id);
  const route = { name: id, ...topics, backoff: '{ schedule: [0], jitter: 0 }' };
  await using ending = await startService(stack, route);
  await using staying = await startService(stack, route);
  await Promise.all([ending, staying].map((service) => service.logged('shard_owned')));
  while ((await shardsOf(ending)).length !== PARTITIONS / 2 || (await shardsOf(staying)).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 100));
  const waiting = new Set(await shardsOf(ending));
  const firstDue = Date.now() + AHEAD;
  await produceAll(stack, topics.retryTopic, dueInTurn(id, firstDue));

  let endedAt = Infinity;
  setTimeout(
    () => {
      endedAt = Date.now();
      ending.kill(signal);
    },
    firstDue + END_AT - Date.now(),
  );
  let longest = 0;
  const lastOf = new Map<number, number>();
  await readTopic(stack, id, ({ partition, timestamp = 0 }) => {
    const before = lastOf.get(partition);
    lastOf.set(partition, timestamp);
    if (before !== undefined && waiting.has(partition) && timestamp > endedAt) {
      // What the next owner sends comes after a gap; what the ending one still sent does not.
      longest = Math.max(longest, timestamp - Math.max(before, endedAt));
    }
    return timestamp < firstDue + (SECONDS - 1) * 1_000;
  });
  return longest / 1_000;
}

function* dueInTurn(topic: string, firstDue: number): Generator<Outgoing> {
  let i = 0;
  for (const record of retryRecords(PER_SECOND * SECONDS, topic)) {
    const due = firstDue + Math.floor((i++ * 1_000) / PER_SECOND);
    yield { ...record, headers: [...record.headers, { 'x-retry-not-before': String(due) }] };
  }
}

async function shardsOf(service: MeasuredService): Promise<number[]> {
  const text = await service.metrics();
  return [...text.matchAll(/ingest_lag_messages\{[^}]*partition="(\d+)"/g)].map(([, partition]) =>
    Number(partition),
  );
}
