import { Workspace } from '../../dev/stack/workspace.ts';
import { Bench, type BenchRoute } from './bench.ts';
import type { ExampleRun } from './example-verdict.ts';
import { type HandlerCall, readCalls, type SentEvent } from './handler-calls.ts';
import { header } from './kafka-record.ts';
import { type Example, OrdersInstance } from './orders-instance.ts';
import { kafkaBrokers } from './stack.ts';
import { partitionsOfMembers } from './topics.ts';
import { waitFor } from './wait-for.ts';

const PARTITIONS = 6;
const ORDERS = 200;
const EVENTS = 4;
/** Long enough that later events of an order are there before its first one is tried again, and that it is seen to wait. */
const BACKOFF = { initial: '1500ms', multiplier: 1, max: '5s', jitter: 0 };
const SLOW = { within: 120_000, every: 50 };

export interface RunOptions {
  /** Who gets a SIGKILL while keys are locked: one of the two instances, or the service. Another one takes its place. */
  readonly kill: 'instance' | 'service' | 'nobody';
  /** Of the route, over those of the bench: `{ gate: false }`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What the name of the retry topic has behind that of the main topic. */
  readonly retrySuffix?: string;
}

/**
 * Runs two instances of an example against the service, sends them 200 orders of four events, kills somebody in the middle,
 * and resolves once every event has succeeded, no key is locked and all instances have ended: `brokenPromises` judges it.
 * What an example is given and has to write is in examples/README.md.
 */
export async function runExample(
  example: Example,
  { kill, settings = {}, retrySuffix = '.retry' }: RunOptions,
): Promise<ExampleRun> {
  const gate = settings['gate'] !== false;
  await using bench = await Bench.open({
    routes: {
      orders: { partitions: PARTITIONS, retrySuffix, settings: { backoff: BACKOFF, ...settings } },
    },
  });
  await using retries = await bench.read('orders', 'retryTopic');
  await using workspace = await Workspace.open();
  const route = bench.route('orders');
  const instances: OrdersInstance[] = [];
  const start = (): void => {
    const name = `instance-${instances.length + 1}`;
    instances.push(new OrdersInstance(workspace, name, example, contract(route, bench.service.url)));
  };
  const calls = async (): Promise<HandlerCall[]> => readCalls(await OrdersInstance.output(workspace));
  const state = async (): Promise<string> =>
    [...(await Promise.all(instances.map((one) => one.tail()))), await bench.service.tail()].join('\n\n');
  const eachHasItsShare = (): Promise<unknown> =>
    waitFor(
      'both instances to have partitions',
      async () => {
        const shares = await partitionsOfMembers(route.group, route.topic);
        return shares.length === 2 && shares.every((share) => share > 0) && sum(shares) === PARTITIONS;
      },
      { ...SLOW, every: 300, state },
    );

  start();
  start();
  await eachHasItsShare();
  // Not one after the other: acknowledgements may take longer than a key is locked.
  const [sent] = await Promise.all([
    send(bench, 0, ORDERS / 2),
    waitFor('locked keys in the middle of the work', async () => inTheMiddle(await calls()), {
      ...SLOW,
      state,
    }),
  ]);
  if (kill === 'instance') await instances[1]!.end('SIGKILL');
  if (kill === 'service') await bench.service.kill();
  sent.push(...(await send(bench, ORDERS / 2, ORDERS)));
  if (kill === 'instance') start();
  if (kill === 'service') bench.service.spawn();

  await waitFor(
    'every event to succeed',
    async () => {
      const done = (await calls()).filter(({ result }) => result === 'succeeded');
      return new Set(done.map(({ order, seq }) => `${order}#${seq}`)).size >= sent.length;
    },
    { ...SLOW, state },
  );
  await bench.unlocked('orders');
  await eachHasItsShare();
  // Otherwise nothing was shown: events have waited behind a failed one of their order.
  if (gate) await retries.one('held event', (record) => header(record, 'x-retry-reason') === 'behind');
  const ended = await Promise.all(
    instances.filter(({ running }) => running).map((instance) => instance.end('SIGTERM')),
  );
  return { sent, calls: await calls(), ends: ended };
}

/** The environment of an instance. */
function contract({ name, topic, retryTopic, group }: BenchRoute, url: string): Record<string, string> {
  return {
    KAFKA_BROKERS: kafkaBrokers.join(','),
    RETRY_ORCHESTRATOR_URL: url,
    TOPIC: topic,
    ROUTE: name,
    RETRY_TOPIC: retryTopic,
    GROUP_ID: group,
    SESSION_TIMEOUT_MS: '6000',
  };
}

/** First the first events of all these orders, then their second ones, and so on. */
async function send(bench: Bench<'orders'>, from: number, to: number): Promise<SentEvent[]> {
  const orders = Array.from({ length: to - from }, (_, i) => from + i);
  const events = Array.from({ length: EVENTS }, (_, seq) => seq).flatMap((seq) =>
    orders.map((number) => ({ number, order: `order-${number}`, seq })),
  );
  const records = await bench.sender.sendAll(
    bench.route('orders').topic,
    events.map(({ number, order, seq }) => ({
      partition: number % PARTITIONS,
      key: order,
      value: JSON.stringify({ order, seq, event: ['created', 'paid', 'packed', 'shipped'][seq] }),
    })),
  );
  return events.map(({ order, seq }, i) => {
    const { partition, offset } = records[i]!;
    return { order, seq, partition, offset };
  });
}

/** Every partition has been read from, and an order has failed that has not succeeded yet. */
function inTheMiddle(calls: readonly HandlerCall[]): boolean {
  const succeeded = new Set(
    calls.filter(({ seq, result }) => seq === 0 && result === 'succeeded').map(({ order }) => order),
  );
  return (
    new Set(calls.map(({ partition }) => partition)).size === PARTITIONS &&
    calls.some(({ order, result }) => result === 'failed' && !succeeded.has(order))
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
