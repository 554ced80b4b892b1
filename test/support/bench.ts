import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublishRetries } from '../../src/gate/index.ts';
import { GatedConsumer } from './gated-consumer.ts';
import type { Behaviour, History } from './history.ts';
import { PlainConsumer } from './plain-consumer.ts';
import { Sender } from './sender.ts';
import { ServiceProcess } from './service-process.ts';
import { TopicReader } from './topic-reader.ts';
import { createTopics, type TopicToCreate } from './topics.ts';
import { waitFor } from './wait-for.ts';

export interface RouteSetup {
  /** Default 1. */
  readonly partitions?: number;
  /** Where it differs from `partitions`. */
  readonly retryPartitions?: number;
  /** What the name of the retry topic has behind that of the main topic. Default `.retry`. */
  readonly retrySuffix?: string;
  readonly topicConfig?: Readonly<Partial<Record<'main' | 'retry' | 'deadLetter', Record<string, string>>>>;
  /** Of the route's configuration, over the bench's defaults. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface BenchOptions<Name extends string> {
  readonly routes: Readonly<Record<Name, RouteSetup>>;
  readonly kafka?: Readonly<Record<string, unknown>>;
  readonly redisUrl?: string;
  /** Settings that say where Redis is, instead of a URL. */
  readonly redis?: Readonly<Record<string, unknown>>;
  /** At the top of the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Default 1. */
  readonly replicas?: number;
  /** Of the service's processes. */
  readonly environment?: Readonly<Record<string, string>>;
  /** False: does not wait for the service to be ready. */
  readonly ready?: boolean;
}

/** Short delays without jitter: what a test waits for is then known. */
const DEFAULTS = {
  backoff: { initial: '200ms', multiplier: 1, max: '5s', jitter: 0 },
  maxAttempts: 10,
  redelivery: { maxPerSecond: 100_000, startPerSecond: 100_000 },
};

/** One route of a bench, with names that no other test uses. */
export interface BenchRoute {
  readonly name: string;
  readonly topic: string;
  readonly retryTopic: string;
  readonly deadLetterTopic: string;
  readonly group: string;
  readonly partitions: number;
  readonly setup: RouteSetup;
}

/** A lock as the HTTP API gives it. */
export interface LockJson {
  readonly key?: string;
  readonly keyBase64?: string;
  readonly partition: number;
  readonly state: 'waiting' | 'probing' | 'draining' | 'parked';
  readonly held: number;
  readonly attempt: number;
  readonly headOffset: number | null;
  readonly nextAttemptAt: number | null;
}

/** Topics, a configuration and the running service for the tests of one file. */
export class Bench<Name extends string> implements AsyncDisposable {
  readonly services: ServiceProcess[] = [];
  readonly sender: Sender;
  readonly #routes: Readonly<Record<Name, BenchRoute>>;
  readonly #options: BenchOptions<Name>;
  readonly #id: string;
  readonly #consumers: GatedConsumer[] = [];

  private constructor(id: string, options: BenchOptions<Name>, sender: Sender) {
    this.#id = id;
    this.#options = options;
    this.sender = sender;
    const named = Object.entries<RouteSetup>(options.routes).map(([name, setup]) => [
      name,
      routeOf(id, name, setup),
    ]);
    this.#routes = Object.fromEntries(named) as Record<Name, BenchRoute>;
  }

  static async open<Name extends string>(options: BenchOptions<Name>): Promise<Bench<Name>> {
    const bench = new Bench(`t${randomBytes(4).toString('hex')}`, options, await Sender.open());
    try {
      await createTopics(Object.values<BenchRoute>(bench.#routes).flatMap(topicsOf));
      for (let i = 0; i < (options.replicas ?? 1); i++) await bench.addReplica();
      if (options.ready !== false) await bench.owned();
      return bench;
    } catch (error) {
      await bench[Symbol.asyncDispose]();
      throw error;
    }
  }

  get service(): ServiceProcess {
    return this.services[0]!;
  }

  route(name: Name): BenchRoute {
    return this.#routes[name];
  }

  /** Starts one more replica. `owned` resolves when it has its share. */
  async addReplica(): Promise<ServiceProcess> {
    const { kafka, redis, redisUrl = redis && '', environment = {} } = this.#options;
    const config = {
      ...this.#options.settings,
      kafka: { groupPrefix: this.#id, sessionTimeout: '6s', ...kafka },
      redis: { keyPrefix: `${this.#id}:`, ...redis },
      routes: Object.values<BenchRoute>(this.#routes).map(({ name, topic, retryTopic, group, setup }) => ({
        ...DEFAULTS,
        ...{ name, topic, retryTopic, consumerGroup: group },
        ...setup.settings,
      })),
    };
    const service = await ServiceProcess.prepare({
      config,
      environment,
      ...(redisUrl === undefined ? {} : { redisUrl }),
    });
    this.services.push(service);
    service.spawn();
    return service;
  }

  /** Resolves when every shard of every route is owned by exactly one running replica, and restored. */
  async owned(): Promise<void> {
    const names = Object.keys(this.#routes) as Name[];
    const wanted = names.map((name) => `${name}: ${partitionsOf(this.route(name)).join()}`).join('; ');
    const seen = async (): Promise<string> => {
      const owned = await Promise.all(
        names.map(async (name) => `${name}: ${(await this.shards(name)).join()}`),
      );
      const ready = await Promise.all(this.running.map((service) => service.status('/readyz')));
      return ready.every((status) => status === 200) ? owned.join('; ') : `not ready: ${ready.join()}`;
    };
    await waitFor(`shards ${wanted}`, async () => (await seen()) === wanted, {
      ...{ every: 50 },
      state: async () =>
        `${await seen()}\n${(await Promise.all(this.running.map((s) => s.tail()))).join('\n\n')}`,
    });
  }

  /** The partitions that the running replicas say they own; twice where two say so. */
  async shards(name: Name): Promise<number[]> {
    const labels = { route: this.route(name).name };
    const samples = await Promise.all(
      this.running.map(async (service) => {
        const partitions = await service.samples('ingest_lag_messages', labels);
        // What the label says one by one, the gauge says as a number.
        const count = await service.metric('shards_owned', labels);
        return partitions.length === count ? partitions : [];
      }),
    );
    return samples
      .flat()
      .map((sample) => Number(sample.labels['partition']))
      .sort((a, b) => a - b);
  }

  /**
   * Resolves when a metric of the route (null: of the processes), added up over the replicas that run, is above 0.
   * test/unit/metrics/every-metric-moves.test.ts reads in the sources of the tests which metrics this is called for.
   */
  async moved(
    metric: string,
    name: Name | null,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const of = { ...labels, ...(name === null ? {} : { route: this.route(name).name }) };
    const sum = async (): Promise<number> =>
      (await Promise.all(this.running.map((service) => service.metric(metric, of)))).reduce(
        (a, b) => a + b,
        0,
      );
    await waitFor(`${metric} to move`, async () => (await sum()) > 0, { every: 50, state: sum });
  }

  get running(): ServiceProcess[] {
    return this.services.filter((service) => service.running);
  }

  /** An application that consumes a route through the gate; resolves when it has its claims. */
  async consume(
    name: Name,
    options: { history: History; behaviour: Behaviour; publish?: PublishRetries; service?: string[] },
  ): Promise<GatedConsumer> {
    const { name: route, topic, retryTopic, group } = this.route(name);
    const service = this.services.map(({ url }) => url);
    const consumer = await GatedConsumer.start({ route, topic, retryTopic, group, service, ...options });
    this.#consumers.push(consumer);
    await consumer.claimed(this.route(name).partitions);
    return consumer;
  }

  /** An application that knows nothing of the gate. */
  async consumePlainly(
    name: Name,
    options: { history: History; behaviour: Behaviour },
  ): Promise<PlainConsumer> {
    const { topic, retryTopic, group } = this.route(name);
    return PlainConsumer.start({ topic, retryTopic, group, ...options });
  }

  read(name: Name, which: 'topic' | 'retryTopic' | 'deadLetterTopic'): Promise<TopicReader> {
    const route = this.route(name);
    return TopicReader.open(
      route[which],
      which === 'retryTopic' ? partitionsOf(route).length : route.partitions,
    );
  }

  /** The service's own group of a route. */
  serviceGroup(name: Name): string {
    return `${this.#id}.${this.route(name).name}`;
  }

  /** Path of the route in the HTTP API. */
  path(name: Name): string {
    return `/v1/routes/${this.route(name).name}`;
  }

  async locks(name: Name): Promise<LockJson[]> {
    const { status, body } = await this.service.get(`${this.path(name)}/locks?limit=1000`);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return (body as { locks: LockJson[] }).locks;
  }

  async lock(name: Name, key: string): Promise<LockJson | undefined> {
    return (await this.locks(name)).find((lock) => lock.key === key);
  }

  /** Resolves when the lock of the key looks like this. */
  async lockIs(name: Name, key: string, wanted: Partial<LockJson>): Promise<void> {
    await waitFor(
      `${key} to be ${JSON.stringify(wanted)}`,
      async () => {
        const lock = await this.lock(name, key);
        return Object.entries(wanted).every(([field, value]) => lock?.[field as keyof LockJson] === value);
      },
      { state: () => this.lock(name, key) },
    );
  }

  /** Resolves when no key of the route is locked any more. */
  async unlocked(name: Name): Promise<void> {
    await waitFor('all keys to be unlocked', async () => (await this.locks(name)).length === 0, {
      state: () => this.locks(name),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keepLogs();
    await Promise.all(this.services.map((service) => service[Symbol.asyncDispose]()));
    await this.sender[Symbol.asyncDispose]();
  }

  /** `KEEP_LOGS=DIR npm run test:end-to-end` leaves there what services logged and what gates told. */
  async #keepLogs(): Promise<void> {
    const directory = process.env['KEEP_LOGS'];
    if (!directory) return;
    const names = Object.keys(this.#routes).join('-');
    for (const [i, service] of this.services.entries()) {
      await writeFile(join(directory, `${this.#id}-${names}-service-${i}.log`), await service.output());
    }
    const told = this.#consumers.map(({ events }) => events.map((event) => JSON.stringify(event)).join('\n'));
    for (const [i, lines] of told.entries()) {
      await writeFile(join(directory, `${this.#id}-${names}-gate-${i}.log`), lines);
    }
  }
}

function routeOf(id: string, name: string, setup: RouteSetup): BenchRoute {
  const topic = `${id}.${name}`;
  return {
    ...{ name: `${id}-${name}`, topic, setup },
    retryTopic: topic + (setup.retrySuffix ?? '.retry'),
    deadLetterTopic: `${topic}.dlq`,
    group: `${topic}.application`,
    partitions: setup.partitions ?? 1,
  };
}

/** Of the retry topic: the route's shards. */
function partitionsOf({ partitions, setup }: BenchRoute): number[] {
  return Array.from({ length: setup.retryPartitions ?? partitions }, (_, partition) => partition);
}

function topicsOf({ topic, retryTopic, deadLetterTopic, partitions, setup }: BenchRoute): TopicToCreate[] {
  const { main = {}, retry = {}, deadLetter = {} } = setup.topicConfig ?? {};
  return [
    { topic, partitions, config: main },
    { topic: retryTopic, partitions: setup.retryPartitions ?? partitions, config: retry },
    { topic: deadLetterTopic, partitions, config: deadLetter },
  ];
}
