import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type KafkaServer, startKafka } from '../../dev/stack/kafka.ts';
import type { ServerProcess } from '../../dev/stack/server-process.ts';
import type { Bench as BenchType } from '../support/bench.ts';
import type { GatedConsumer } from '../support/gated-consumer.ts';
import { History } from '../support/history.ts';
import { header, type KafkaRecord } from '../support/kafka-record.ts';
import { waitFor } from '../support/wait-for.ts';

const PARTITIONS = 3;
const KEYS = 12;
const BACKOFF = 2_500;

type Name = 'killed' | 'away' | 'timed-out';

let kafka: KafkaServer;
let open: (name: Name, settings?: { sessionTimeout?: string }) => Promise<BenchType<Name>>;
let leadersOf: (topic: string) => Promise<number[]>;

beforeAll(async () => {
  kafka = await startKafka({ brokers: 3 });
  // All that is imported from here on talks to this cluster, and not to the broker that other tests share.
  process.env['KAFKA_BROKERS'] = kafka.brokers.join(',');
  const { Bench } = await import('../support/bench.ts');
  ({ leadersOf } = await import('../support/topics.ts'));
  const settings = { backoff: { initial: `${BACKOFF}ms`, multiplier: 1, jitter: 0 }, maxAttempts: 100 };
  const route = { partitions: PARTITIONS, settings };
  open = (name, more = {}) =>
    Bench.open<Name>({
      // A send that is not acknowledged is given up soon: nobody knows then whether it was written.
      kafka: { librdkafka: { 'message.timeout.ms': 2_000 }, ...more },
      routes: { [name]: route } as Record<Name, typeof route>,
    });
});

afterAll(async () => {
  await kafka[Symbol.asyncDispose]();
});

function node(id: number): ServerProcess {
  return kafka.nodes[id - 1]!;
}

/** Brokers that hang for as long as `meanwhile` takes. */
async function frozen(nodes: readonly ServerProcess[], meanwhile: () => Promise<unknown>): Promise<void> {
  for (const each of nodes) each.signal('SIGSTOP');
  try {
    await meanwhile();
  } finally {
    for (const each of nodes) each.signal('SIGCONT');
  }
}

/** An application whose first message of each key fails twice, and what it was sent. */
class Application implements AsyncDisposable {
  readonly history = new History();
  readonly sent: KafkaRecord[] = [];
  readonly #bench: BenchType<Name>;
  readonly #name: Name;
  #consumer: GatedConsumer | undefined;

  constructor(bench: BenchType<Name>, name: Name) {
    this.#bench = bench;
    this.#name = name;
  }

  /** Resolves when every key waits for its retry, three messages behind each. */
  async start(): Promise<void> {
    await this.send('first');
    this.#consumer = await this.#bench.consume(this.#name, {
      history: this.history,
      behaviour: ({ value, run }) => {
        if (value!.endsWith('-0') && run <= 2) throw new Error(`run ${run}`);
      },
    });
    await waitFor('every key to wait for its retry', async () => {
      const locks = await this.#bench.locks(this.#name);
      return locks.filter(({ state, nextAttemptAt }) => state === 'waiting' && nextAttemptAt).length === KEYS;
    });
  }

  async send(round: string): Promise<void> {
    const records = Array.from({ length: 4 * KEYS }, (_, i) => {
      const key = i % KEYS;
      const value = `${round} k${key}-${Math.floor(i / KEYS)}`;
      return { key: `k${key}`, value, partition: key % PARTITIONS };
    });
    this.sent.push(...(await this.#bench.sender.sendAll(this.#bench.route(this.#name).topic, records)));
  }

  /** Everything is handled, in order, nothing early, nothing again, and the service is well. */
  async finished(): Promise<void> {
    const { history, sent } = this;
    await history.allSucceeded(sent, () => this.#seen());
    expect(history.violations(sent)).toEqual([]);
    expect(history.repeated).toEqual([]);
    expect(earlyRetries(history)).toEqual([]);
    await this.#bench.unlocked(this.#name);
    const { service } = this.#bench;
    await waitFor('readiness', async () => (await service.status('/readyz')) === 200, {
      ...{ state: () => service.get('/readyz') },
    });
  }

  /** What the gate told last, what the service says of itself, and its locks. */
  async #seen(): Promise<string> {
    const { service } = this.#bench;
    return [
      JSON.stringify(this.#consumer?.events.slice(-20)),
      JSON.stringify(await service.get('/readyz').catch(String)),
      JSON.stringify(await this.#bench.locks(this.#name).catch(String)),
      await service.tail(),
    ].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer?.[Symbol.asyncDispose]();
  }
}

/** Runs that began before the backoff of the failure before them was over. */
function earlyRetries({ handlings }: History): string[] {
  return handlings.flatMap(({ id, run, begunAt }) => {
    const before = handlings.find((other) => other.id === id && other.run === run - 1);
    if (before?.outcome !== 'failed') return [];
    const waited = begunAt - before.endedAt!;
    return waited < BACKOFF ? [`run ${run} of ${id} after ${waited} ms`] : [];
  });
}

describe('nothing is lost, early or out of order, and all recovers by itself', () => {
  test('when the broker is killed that leads most of the partitions, while keys wait', async () => {
    await using bench = await open('killed');
    await using application = new Application(bench, 'killed');
    await application.start();
    const { topic, retryTopic } = bench.route('killed');
    const leaders = [...(await leadersOf(topic)), ...(await leadersOf(retryTopic))];
    const led = (id: number): number => leaders.filter((leader) => leader === id).length;
    const leader = [1, 2, 3].sort((a, b) => led(b) - led(a))[0]!;
    await node(leader).kill();
    await application.send('second');
    await application.finished();
    await bench.moved('kafka_client_errors_total', null);

    const now = [...(await leadersOf(topic)), ...(await leadersOf(retryTopic))];
    expect(now).not.toContain(leader);
    // What follows wants all three.
    await node(leader).start();
  });

  test('when all brokers hang until every session is over, and come back', async () => {
    await using bench = await open('away');
    await using application = new Application(bench, 'away');
    await application.start();
    const lost = async (): Promise<number> =>
      (await bench.service.logged('shards_revoked')).filter(({ lost: gone }) => gone === true).length;
    const before = await lost();
    await frozen(kafka.nodes, async () => {
      await waitFor('the service to say that Kafka is away', async () => {
        const { status, body } = await bench.service.get('/readyz');
        return status === 503 && JSON.stringify(body).includes('Kafka does not answer');
      });
      await waitFor('its sessions to be over', async () => (await lost()) > before);
      // What RetryShardWithoutOwner looks at.
      const labels = { route: bench.route('away').name };
      const without = async (): Promise<number> =>
        (await bench.service.metric('route_partitions', labels)) -
        (await bench.service.metric('shards_owned', labels));
      await waitFor('its shards to have no owner', async () => (await without()) === PARTITIONS, {
        state: without,
      });
    });
    await application.send('second');
    await application.finished();
  });

  test('when a redelivery was written after its sender had given it up: the older copy is turned away', async () => {
    // Without its followers the coordinator answers no heartbeats, and the shards are to stay where they are.
    await using bench = await open('timed-out', { sessionTimeout: '60s' });
    await using application = new Application(bench, 'timed-out');
    const { topic } = bench.route('timed-out');
    await using main = await bench.read('timed-out', 'topic');
    await application.start();
    // The followers of one leader hang: it has what it was sent, and may not say so.
    const [leader] = await leadersOf(topic);
    const followers = kafka.nodes.filter((_, i) => i + 1 !== leader);
    await frozen(followers, () =>
      waitFor(
        'redeliveries that nobody acknowledged',
        async () => (await bench.service.logged('publish_failed')).some(({ partition }) => partition === 0),
        { state: () => bench.service.tail() },
      ),
    );
    await application.send('second');
    await application.finished();

    const copies = main.records.filter((record) => header(record, 'x-retry-delivery') !== undefined);
    const same = (a: KafkaRecord, b: KafkaRecord): boolean =>
      ['origin-partition', 'origin-offset', 'attempt'].every(
        (each) => header(a, `x-retry-${each}`) === header(b, `x-retry-${each}`),
      );
    const twice = copies.filter((copy) => copies.some((other) => other !== copy && same(copy, other)));
    // Else this would show nothing. Each has a token of its own, and `finished` has seen that one of them was handled.
    expect(twice.length).toBeGreaterThan(0);
    expect(new Set(copies.map((copy) => header(copy, 'x-retry-delivery'))).size).toBe(copies.length);
  });
});
