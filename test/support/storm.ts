import { setTimeout as sleep } from 'node:timers/promises';
import { type Prometheus, startPrometheus } from '../../dev/stack/prometheus.ts';
import { FatalError } from '../../src/gate/index.ts';
import { Bench } from './bench.ts';
import { type Handling, History } from './history.ts';
import type { KafkaRecord } from './kafka-record.ts';
import { waitFor } from './wait-for.ts';

/** Outside Kubernetes nobody gives this label; inside, whoever finds the targets does. */
const NAMESPACE = 'storm';
/** Of each route; slow enough for a busy machine. */
const EVERY_MS = 20;
const PARTITIONS = 2;

/** A service in trouble, and the Prometheus that has watched it: for what reads metrics. */
export interface Storm extends AsyncDisposable {
  /** `orders`: some messages fail, some for good. `payments`: the dependency is down, and the breaker is open. */
  readonly bench: Bench<'orders' | 'payments'>;
  readonly prometheus: Prometheus;
  readonly namespace: string;
  /** Epoch s. */
  readonly from: number;
  readonly to: number;
}

/**
 * Starts the service, its consumers and Prometheus, and lets the storm blow until Prometheus has seen all of it. Then
 * nothing is sent any more; `orders` calms down, `payments` stays as it is.
 *
 * @param rules Files with rules for Prometheus: name, and content.
 */
export async function raiseStorm(rules: Readonly<Record<string, string>> = {}): Promise<Storm> {
  const opened: AsyncDisposable[] = [];
  const open = async <Resource extends AsyncDisposable>(opening: Promise<Resource>): Promise<Resource> => {
    const resource = await opening;
    opened.unshift(resource);
    return resource;
  };
  const close = async (): Promise<void> => {
    for (const resource of opened.splice(0)) await resource[Symbol.asyncDispose]();
  };
  try {
    const bench = await open(openBench());
    const targets = [new URL(bench.service.url).host];
    // Before the service is ready: both take their time.
    const prometheus = await open(startPrometheus({ targets, labels: { namespace: NAMESPACE }, rules }));
    await bench.owned();
    await open(bench.consume('orders', { history: new History(), behaviour: sometimesFails }));
    await open(bench.consume('payments', { history: new History(), behaviour: fails }));
    await seen(prometheus, 'the service', 'up == 1');
    const begun = Date.now() / 1_000;
    await blow(bench, prometheus);
    const to = Date.now() / 1_000;
    // In whole seconds before the end: queries by the second then ask for the end itself, when all was seen.
    const from = to - Math.ceil(to - begun);
    return { bench, prometheus, namespace: NAMESPACE, from, to, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Sends until Prometheus has seen everything that is to happen. */
async function blow(bench: Storm['bench'], prometheus: Prometheus): Promise<void> {
  const abort = new AbortController();
  const sending = Promise.all(
    (['orders', 'payments'] as const).map((name) => send(bench, name, abort.signal)),
  );
  const orders = bench.route('orders').name;
  const payments = bench.route('payments').name;
  try {
    for (const counted of [
      'dead_letters_total{reason="exhausted"',
      'dead_letters_total{reason="fatal"',
      'retries_processed_total{result="succeeded"',
      'locks_released_total{reason="succeeded"',
    ]) {
      const series = `retry_orchestrator_${counted}, route="${orders}"}`;
      await seen(prometheus, series, `rate(${series}[5s]) > 0`);
    }
    for (const lag of ['consumer_lag_messages', 'cursor_drift_seconds'])
      await seen(prometheus, lag, `retry_orchestrator_${lag}{route="${orders}"} >= 0`);
    await seen(prometheus, 'the open breaker', `retry_orchestrator_breaker_state{route="${payments}"} == 2`);
  } finally {
    abort.abort();
    await sending;
  }
}

function openBench(): Promise<Storm['bench']> {
  const backoff = { initial: '300ms', multiplier: 1, max: '1s', jitter: 0 };
  return Bench.open({
    ready: false,
    routes: {
      orders: { partitions: PARTITIONS, settings: { backoff, maxAttempts: 3 } },
      payments: {
        partitions: PARTITIONS,
        settings: { backoff, maxAttempts: 1_000, breaker: { minimum: 20 } },
      },
    },
  });
}

/** Three messages a key: one that fails holds the others back. */
async function send(bench: Storm['bench'], name: 'orders' | 'payments', signal: AbortSignal): Promise<void> {
  const sent: Promise<KafkaRecord>[] = [];
  for (let i = 0; !signal.aborted; i++) {
    const key = String(Math.floor(i / 3));
    const record = { key, partition: Number(key) % PARTITIONS, value: String(i) };
    sent.push(bench.sender.send(bench.route(name).topic, record));
    await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(sent);
}

/** Of 15 messages one fails once, one always, and one is not worth a retry. */
function sometimesFails({ value, run }: Handling): void {
  const kind = Number(value) % 15;
  if (kind === 0 && run === 1) throw new Error('the warehouse is busy');
  if (kind === 6) throw new Error('the warehouse does not know it');
  if (kind === 12) throw new FatalError('no such order');
}

function fails(): never {
  throw new Error('the bank does not answer');
}

async function seen({ api }: Prometheus, what: string, query: string): Promise<void> {
  await waitFor(`Prometheus to see ${what}`, async () => (await api.query(query)).length > 0, {
    ...{ within: 60_000, every: 200 },
  });
}
