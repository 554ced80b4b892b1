import type { Stack } from '../dev/stack/stack.ts';
import { createRouteTopics, produceAll } from './kafka.ts';
import { retryRecords } from './retry-records.ts';
import { SCALE } from './scale.ts';
import { heldMessages, startService } from './service.ts';

const LOCKS = Math.round(100_000 * SCALE);
const SCRAPES = 500;
const LATER = { 'x-retry-delay-ms': '86400000' };

/** How long `GET /metrics` takes while 100,000 keys are locked, and how much it answers. */
export async function measureScrape(
  stack: Stack,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const id = `scrape-${String(process.pid)}`;
  const topics = await createRouteTopics(stack, id);
  await using service = await startService(stack, { name: id, ...topics });
  await service.logged('shard_owned');
  await produceAll(stack, topics.retryTopic, retryRecords(LOCKS, id, LATER));
  while ((await heldMessages(service, id)) < LOCKS) await new Promise((resolve) => setTimeout(resolve, 200));
  say(`scrape: ${String(LOCKS)} are held`);

  const took: number[] = [];
  let bytes = 0;
  for (let scrape = 0; scrape < SCRAPES; scrape++) {
    const begun = performance.now();
    bytes = (await service.metrics()).length;
    took.push(performance.now() - begun);
  }
  took.sort((a, b) => a - b);
  return {
    scrape_p50_ms: took[Math.floor(SCRAPES * 0.5)] ?? NaN,
    scrape_p99_ms: took[Math.floor(SCRAPES * 0.99)] ?? NaN,
    scrape_max_ms: took.at(-1) ?? NaN,
    scrape_kib: bytes / 1_024,
  };
}
