import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type RedisServer, startRedis } from '../../dev/stack/redis.ts';
import { systemClock } from '../../src/clock.ts';
import { FatalError } from '../../src/gate/index.ts';
import { doctor as runDoctor } from '../../src/commands/doctor.ts';
import { Bench } from '../support/bench.ts';
import { runCommand } from '../support/command-line.ts';
import type { GatedConsumer } from '../support/gated-consumer.ts';
import { type Behaviour, History } from '../support/history.ts';
import { RUNBOOK, runbookPages, type Sample, samplesOf, withOutputs, wordsOf } from '../support/runbook.ts';
import { shapeOf } from '../support/sample-shape.ts';
import { kafkaBrokers } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';

/**
 * `WRITE_SAMPLES=1 npm run test:end-to-end -- runbook` writes into the pages what the commands show; else it is compared
 * with what stands there.
 */
const WRITES = process.env['WRITE_SAMPLES'] !== undefined;

const pages = runbookPages();
const samples = pages.flatMap(samplesOf);
const shown = new Map<string, string>();

let redis: RedisServer;
let bench: Bench<'orders' | 'payments'>;
let consumers: GatedConsumer[] = [];

class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

const ORDERS = [
  ['order-101', 0],
  ['order-102', 0],
  ['order-103', 1],
  ['order-101', 0],
  ['order-201', 0],
  ['order-202', 1],
] as const;

const behaviour: Behaviour = ({ key }) => {
  if (key?.startsWith('order-2') === true) throw new FatalError(`no customer belongs to ${key}`);
  throw new TimeoutError(`the warehouse does not answer for ${key}`);
};

beforeAll(async () => {
  redis = await startRedis();
  const backoff = { initial: '10m', multiplier: 1, max: '10m', jitter: 0 };
  bench = await Bench.open({
    redisUrl: redis.url,
    routes: {
      orders: {
        partitions: 2,
        // What doctor warns of.
        topicConfig: { retry: { 'retention.ms': '3600000' } },
        settings: { backoff, redelivery: {} },
      },
      payments: { settings: { backoff, limits: { lockedKeys: 3, heldBytes: '100KiB' } } },
    },
  });
}, 60_000);

afterAll(async () => {
  await Promise.all(consumers.map((consumer) => consumer[Symbol.asyncDispose]()));
  await bench[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
  if (!WRITES) return;
  for (const page of pages) {
    writeFileSync(
      join(RUNBOOK, `${page.name}.md`),
      withOutputs(page, (sample) => shown.get(idOf(sample)) ?? sample.output),
    );
  }
});

/** What the pages tell of, one after the other. */
const situations: Readonly<Record<string, () => Promise<unknown>>> = {
  failing: async () => {
    const history = new History();
    consumers = await Promise.all([
      bench.consume('orders', { history, behaviour }),
      bench.consume('payments', { history, behaviour }),
    ]);
    const { topic } = bench.route('orders');
    for (const [key, partition] of ORDERS) {
      await bench.sender.send(topic, { key, partition, value: `{"of":"${key}"}` });
    }
  },
  breaker: async () => {
    const value = 'x'.repeat(60_000);
    for (const i of [1, 2, 3, 4]) {
      await bench.sender.send(bench.route('payments').topic, { key: `payment-${i}`, value });
    }
  },
  paused: () =>
    bench.service.post(`${bench.path('orders')}/pause`, { reason: 'the payment service is away, INC-42' }),
  resumed: () => Promise.resolve(),
  'redis gone': () => redis.process.kill(),
  'service gone': () => bench.service.terminate(),
};

/** An action has its effect once. */
const ACTS = ['resumed'];

test.each(Object.entries(situations))(
  'the pages show what the commands show: %s',
  async (situation, enter) => {
    await enter();
    const of = samples.filter((sample) => sample.situation === situation);
    expect(of).not.toEqual([]);
    if (WRITES) await sleep(6_000);
    for (const sample of new Map(of.map((each) => [idOf(each), each])).values()) {
      if (WRITES || ACTS.includes(situation)) shown.set(idOf(sample), await run(sample.command));
      else await settled(sample);
    }
    if (!WRITES) for (const each of of) expect(shapeOf(shown.get(idOf(each))!)).toEqual(shapeOf(each.output));
  },
  60_000,
);

test('each sample is of a situation that is looked at', () => {
  const names = Object.keys(situations);
  expect(samples.filter(({ situation }) => !names.includes(situation))).toEqual([]);
});

/** What is failing is told a second later, or two: until then a command shows less. */
async function settled(sample: Sample): Promise<void> {
  const wanted = shapeOf(sample.output).join('\n');
  const look = async (): Promise<boolean> => {
    const output = await run(sample.command);
    shown.set(idOf(sample), output);
    return shapeOf(output).join('\n') === wanted;
  };
  await waitFor(`${sample.command} to show what ${sample.page}.md says`, look, {
    within: 20_000,
    every: 200,
    state: () => `${shown.get(idOf(sample)) ?? ''}\n\ninstead of\n\n${sample.output}`,
  });
}

const idOf = ({ situation, command }: Pick<Sample, 'situation' | 'command'>): string =>
  `${situation}: ${command}`;

/** What the command line or curl shows, with the names of the pages in place of those of the test. */
async function run(command: string): Promise<string> {
  const { name } = bench.route('orders');
  const id = name.slice(0, -'orders'.length - 1);
  const words = wordsOf(command).map((word) =>
    word === 'orders' || word === 'payments' ? `${id}-${word}` : word,
  );
  const output =
    words[0] === 'curl'
      ? await curl(command.replace('/routes/', `/routes/${id}-`))
      : words[1] === 'doctor'
        ? await doctor(command)
        : await ask(words);
  return output
    .replaceAll(kafkaBrokers.join(','), 'kafka:9092')
    .replaceAll(new RegExp(`${id}[.-]`, 'g'), '')
    .replaceAll(new RegExp(`\\bROUTE {${id.length + 1}}`, 'g'), 'ROUTE')
    .replaceAll(bench.service.url, '$RETRY_ORCHESTRATOR_URL');
}

async function ask([, ...argv]: readonly string[]): Promise<string> {
  const env = { RETRY_ORCHESTRATOR_URL: bench.service.url };
  const { out, err } = await runCommand(argv, { fetch: globalThis.fetch, clock: systemClock, env });
  return out + err;
}

/** `retry-orchestrator doctor --config FILE | grep -A2 'WORDS'` */
async function doctor(command: string): Promise<string> {
  const [, words = ''] = / --config FILE \| grep -A2 '([^']+)'$/.exec(command) ?? [];
  const lines: string[] = [];
  const stdout = { write: (text: string) => lines.push(...text.split('\n')) > 0 };
  const env = { KAFKA_BROKERS: kafkaBrokers.join(','), REDIS_URL: redis.url };
  await runDoctor(bench.service.configFile, env, {}, { stdout, stderr: process.stderr });
  const found = lines.flatMap((line, i) => (line.includes(words) ? lines.slice(i, i + 3) : []));
  return `${found.join('\n')}\n`;
}

/** `curl -s $RETRY_ORCHESTRATOR_URL/… | jq .field` */
async function curl(command: string): Promise<string> {
  const [, path = '', field] =
    /^curl -s \$RETRY_ORCHESTRATOR_URL(\S+)(?: \| jq \.(\w+))?$/.exec(command) ?? [];
  const { body } = await bench.service.get(path);
  if (field === undefined) return `${JSON.stringify(body)}\n`;
  return `${JSON.stringify((body as Record<string, unknown>)[field], null, 2)}\n`;
}
