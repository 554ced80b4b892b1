import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Stack } from '../dev/stack/stack.ts';
import { connectAdmin, createTopics, produceAll, untilTopicHolds } from './kafka.ts';
import { retryRecords } from './retry-records.ts';
import { startService } from './service.ts';
import { median } from './statistics.ts';

const RECORDS = 200_000;
const ROUNDS = 2;

/**
 * 200,000 due records of 1 KiB wait in the retry topic, each of its own key: from the assignment of the shards until the
 * last is acknowledged on the main topic, against a process that only copies them. The two take turns.
 */
export async function measureLoop(
  stack: Stack,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const admin = await connectAdmin(stack);
  const id = `loop-${String(process.pid)}`;
  const retryTopic = `${id}.retry`;
  await createTopics(admin, [retryTopic]);
  const ours: number[] = [];
  const bare: number[] = [];
  let filled = false;
  for (let round = 0; round < ROUNDS; round++) {
    const [mine, theirs, dlq] = [
      `${id}-${String(round)}`,
      `${id}-bare-${String(round)}`,
      `${id}-${String(round)}.dlq`,
    ];
    await createTopics(admin, [mine, theirs, dlq]);
    if (!filled) await produceAll(stack, retryTopic, retryRecords(RECORDS, mine));
    filled = true;

    bare.push(await copy(stack, retryTopic, theirs, RECORDS));
    await using service = await startService(stack, {
      name: mine,
      topic: mine,
      retryTopic,
      deadLetterTopic: dlq,
    });
    const begun = await service.logged('shards_assigned');
    ours.push(((await untilTopicHolds(admin, mine, RECORDS)) - begun) / 1_000);
    say(
      `loop, round ${String(round + 1)}: bare ${bare.at(-1)?.toFixed(2) ?? ''} s, ours ${ours.at(-1)?.toFixed(2) ?? ''} s`,
    );
  }
  await admin.disconnect();
  return {
    loop_ratio: median(bare) / median(ours),
    loop_records_per_second: RECORDS / median(ours),
    loop_bare_records_per_second: RECORDS / median(bare),
  };
}

/** The seconds that a process takes which does nothing else. */
export async function copy(stack: Stack, from: string, to: string, count: number): Promise<number> {
  const brokers = stack.kafka.brokers.join(',');
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'bench/baseline.ts', brokers, from, to, String(count)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  for await (const line of createInterface({ input: child.stdout })) return Number(line);
  throw new Error('the baseline printed nothing');
}
