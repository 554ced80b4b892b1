import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench } from '../support/bench.ts';
import { failFirst, History } from '../support/history.ts';
import { header, text } from '../support/kafka-record.ts';
import { SpanCollector } from '../support/span-collector.ts';
import { waitFor } from '../support/wait-for.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const PARENT = `00-${TRACE}-${SPAN}-01`;
const BACKOFF = 200;
const settings = {
  maxAttempts: 2,
  backoff: { initial: `${BACKOFF}ms`, multiplier: 1, max: '1s', jitter: 0 },
};

const root = join(import.meta.dirname, '../..');

let directory: string;
let collector: SpanCollector;
let bench: Bench<'traced'>;

/** What docs/tracing.md tells to load, and to set. */
async function asDocumented(): Promise<Record<string, string>> {
  const page = await readFile(join(root, 'docs/tracing.md'), 'utf8');
  const [, example = ''] = /```js\n\/\/ otel\/tracing\.mjs\n([\s\S]+?)```/.exec(page) ?? [];
  const [, exported = ''] = /```sh\nexport (NODE_OPTIONS[\s\S]+?)```/.exec(page) ?? [];
  await writeFile(join(directory, 'tracing.mjs'), example);
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
  const set = [...exported.matchAll(/\b([A-Z_]+)=('[^']*'|\S+)/g)].map(([, name = '', value = '']) => [
    name,
    value.replaceAll("'", '').replace('/otel', directory).replace('http://collector:4318', collector.url),
  ]);
  return Object.fromEntries(set) as Record<string, string>;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'otel-'));
  collector = await SpanCollector.open();
  const documented = await asDocumented();
  expect(Object.keys(documented)).toEqual([
    'NODE_OPTIONS',
    'OTEL_SERVICE_NAME',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_METRICS_EXPORTER',
    'OTEL_LOGS_EXPORTER',
  ]);
  bench = await Bench.open({
    routes: { traced: { settings } },
    environment: {
      ...documented,
      // What the collector of this test reads, and soon.
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
  });
}, 120_000);

afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

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

  const inOrder = [`outcome ${name}`, `hold ${name}`, `redeliver ${name}`, `outcome ${name}`];
  const spans = await waitFor(
    'the spans',
    () => {
      const all = collector.of(TRACE);
      return all.length === inOrder.length && all;
    },
    { state: async () => [collector.spans, await bench.service.tail()] },
  );
  expect(spans.map((span) => span.name)).toEqual(inOrder);
  expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(['retry-orchestrator']));
  const [failed, hold, redeliver, succeeded] = spans;
  expect(failed!.parent).toBe(SPAN);
  expect(failed!.attributes).toMatchObject({ 'retry_orchestrator.result': 'redirect' });
  expect(hold!.parent).toBe(SPAN);
  expect(hold!.ms).toBeGreaterThanOrEqual(BACKOFF);
  expect(redeliver!.parent).toBe(hold!.spanId);
  expect(succeeded!.parent).toBe(redeliver!.spanId);
  expect(succeeded!.attributes).toMatchObject({ 'retry_orchestrator.result': 'done' });

  // The retry record went by as it was; the redelivered one names the span that sent it.
  const [waiting] = await retries.atLeast(1, 'retry record', ({ value }) => text(value) === 'v');
  expect(header(waiting!, 'traceparent')).toBe(PARENT);
  const copy = await main.one('redelivery', (record) => header(record, 'x-retry-delivery') !== undefined);
  expect(header(copy, 'traceparent')).toBe(`00-${TRACE}-${redeliver!.spanId}-01`);
  expect(header(copy, 'tracestate')).toBe('vendor=a:1,other=2');
  expect(header(copy, 'mine')).toBe('untouched');
}, 120_000);
