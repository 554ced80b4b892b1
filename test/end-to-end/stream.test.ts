import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { text } from '../support/kafka-record.ts';

const PARTITIONS = 6;
const CHUNK = 1_000;
const STARTS = 3;
const RECORDS_PER_START = 5_000;

let bench: Bench<'stream'>;

beforeAll(async () => {
  bench = await Bench.open({
    kafka: { sessionTimeout: '3s' },
    routes: { stream: { partitions: PARTITIONS, settings: { ordering: 'none' } } },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

// The client was once seen to skip 1,423 records where a partition was sought and resumed while records came in (ADR 7).
// What the service does about it is shown in test/unit/ingest/reading.test.ts: nobody can make the client do it.
test('retry records that stream in while the service stops and starts are all redelivered', async () => {
  const { retryTopic } = bench.route('stream');
  await using main = await bench.read('stream', 'topic');
  let sent = 0;
  const stream = async (upTo: number): Promise<void> => {
    while (sent < upTo) {
      const chunk = Array.from({ length: CHUNK }, (_, i) => ({
        key: String(sent + i),
        value: String(sent + i),
        partition: (sent + i) % PARTITIONS,
        headers: [['x-retry-attempt', '1']] as const,
      }));
      await bench.sender.sendAll(retryTopic, chunk);
      sent += CHUNK;
    }
  };
  for (let start = 1; start <= STARTS; start++) {
    const streaming = stream(start * RECORDS_PER_START);
    await bench.service.terminate();
    bench.service.spawn();
    await bench.owned();
    await streaming;
  }

  const came = new Set<string>();
  let read = 0;
  await main.atLeast(
    1,
    'the last of all records',
    () => {
      for (; read < main.records.length; read++) came.add(text(main.records[read]!.value) ?? '');
      return came.size === sent;
    },
    { state: () => `${came.size} of ${sent} records` },
  );
  expect(came.size).toBe(STARTS * RECORDS_PER_START);
});
