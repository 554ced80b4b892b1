import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { failFirst, History } from '../support/history.ts';
import { header, text } from '../support/kafka-record.ts';
import type { LogLine } from '../support/service-process.ts';
import { waitFor } from '../support/wait-for.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const PARENT = `00-${TRACE}-${SPAN}-01`;
const BACKOFF = 200;
const settings = {
  maxAttempts: 2,
  backoff: { initial: `${BACKOFF}ms`, multiplier: 1, max: '1s', jitter: 0 },
};

let bench: Bench<'traced'>;
beforeAll(async () => {
  const sdk = join(import.meta.dirname, 'spans-to-stdout.mjs');
  bench = await Bench.open({
    routes: { traced: { settings } },
    environment: { NODE_OPTIONS: `--import ${sdk}` },
  });
}, 60_000);
afterAll(() => bench[Symbol.asyncDispose]());

const spansOf = async (trace: string): Promise<LogLine[]> =>
  (await bench.service.logged('span')).filter(({ traceId }) => traceId === trace);

test('one trace leads from the failure over hold and redelivery to the success', async () => {
  const { topic, name } = bench.route('traced');
  const history = new History();
  const headers = [
    ['traceparent', PARENT],
    ['tracestate', 'vendor=a:1,other=2'],
    ['mine', 'untouched'],
  ] as const;
  await using main = await bench.read('traced', 'topic');
  await using retries = await bench.read('traced', 'retryTopic');
  const sent = await bench.sender.send(topic, { key: 'k', value: 'v', headers });
  await using _consumer = await bench.consume('traced', { history, behaviour: failFirst({ v: 1 }) });
  await history.allSucceeded([sent]);

  const spans = await waitFor(
    'the spans',
    async () => {
      const all = await spansOf(TRACE);
      return all.length === 4 && all;
    },
    { state: () => spansOf(TRACE) },
  );
  const [failed, hold, redeliver, succeeded] = spans;
  expect(failed).toMatchObject({ name: `outcome ${name}`, parent: SPAN });
  expect(failed!['attributes']).toMatchObject({ 'retry_orchestrator.result': 'redirect' });
  expect(hold).toMatchObject({ name: `hold ${name}`, parent: SPAN });
  expect(hold!['ms']).toBeGreaterThanOrEqual(BACKOFF);
  expect(redeliver).toMatchObject({ name: `redeliver ${name}`, parent: hold!['spanId'] });
  expect(succeeded).toMatchObject({ name: `outcome ${name}`, parent: redeliver!['spanId'] });
  expect(succeeded!['attributes']).toMatchObject({ 'retry_orchestrator.result': 'done' });

  // The retry record went by as it was; the redelivered one names the span that sent it.
  const [waiting] = await retries.atLeast(1, 'retry record', ({ value }) => text(value) === 'v');
  expect(header(waiting!, 'traceparent')).toBe(PARENT);
  const copy = await main.one('redelivery', (record) => header(record, 'x-retry-delivery') !== undefined);
  expect(header(copy, 'traceparent')).toBe(`00-${TRACE}-${String(redeliver!['spanId'])}-01`);
  expect(header(copy, 'tracestate')).toBe('vendor=a:1,other=2');
  expect(header(copy, 'mine')).toBe('untouched');
}, 40_000);
