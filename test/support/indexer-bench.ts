import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/clock.ts';
import type { Config, RouteConfig } from '../../src/config/config.ts';
import type { IndexedDeadLetter } from '../../src/dead-letters/index-row.ts';
import { KafkaOffsets } from '../../src/kafka/offsets.ts';
import { AssignedConsumer } from '../../src/kafka/assigned-consumer.ts';
import { PlaceReader } from '../../src/kafka/place-reader.ts';
import { KafkaProducer } from '../../src/kafka/producer.ts';
import { createLogger } from '../../src/logger.ts';
import { createServers } from '../../src/redis/servers.ts';
import { createDeadLetters } from '../../src/route-dead-letters.ts';
import type { RouteDeadLetters } from '../../src/route-dead-letters.ts';
import { CONFIG } from './api.ts';
import { letterRecord } from './dead-letter-bench.ts';
import type { LetterToWrite } from './dead-letter-bench.ts';
import type { KafkaRecord } from './kafka-record.ts';
import { Sender } from './sender.ts';
import { kafkaBrokers, redisUrl } from './stack.ts';
import { createTopics } from './topics.ts';
import { waitFor } from './wait-for.ts';

/** A replica's part in the dead letters of a route: which shards it has is in the test's hand. */
export interface IndexingReplica extends AsyncDisposable {
  readonly deadLetters: RouteDeadLetters;
  readonly shards: Set<number>;
  /** As after each look at the topics, every five seconds. */
  look(): Promise<void>;
}

/** A dead-letter topic of two partitions in a real Kafka, and replicas that keep its index in a real Redis. */
export class IndexerBench implements AsyncDisposable {
  readonly id = `i${randomBytes(4).toString('hex')}`;
  readonly route: RouteConfig;
  readonly sender: Sender;
  readonly #replicas: IndexingReplica[] = [];

  private constructor(sender: Sender) {
    this.sender = sender;
    this.route = { ...CONFIG, name: this.id, topic: this.id, deadLetterTopic: `${this.id}.dlq` };
  }

  static async open(): Promise<IndexerBench> {
    const bench = new IndexerBench(await Sender.open());
    await bench.createTopic();
    return bench;
  }

  get topic(): string {
    return this.route.deadLetterTopic;
  }

  get keyPrefix(): string {
    return `${this.id}:`;
  }

  async createTopic(): Promise<void> {
    await createTopics([{ topic: this.topic, partitions: 2 }]);
  }

  send(partition: number, ...letters: readonly LetterToWrite[]): Promise<KafkaRecord[]> {
    const records = letters.map((letter) => ({ ...letterRecord(this.id, letter), partition }));
    return this.sender.sendAll(this.topic, records);
  }

  replica(...shards: readonly number[]): Promise<IndexingReplica> {
    return this.#open(this.route, shards);
  }

  /** A replica of a route of that name, whose dead-letter topic is not there. */
  another(name: string): Promise<IndexingReplica> {
    return this.#open({ ...this.route, name, deadLetterTopic: `${this.id}.${name}` }, [0, 1]);
  }

  async #open(route: RouteConfig, shards: readonly number[]): Promise<IndexingReplica> {
    const logger = createLogger('silent');
    const clock = systemClock;
    const kafka = {
      ...{ brokers: kafkaBrokers, clientId: this.id, groupPrefix: this.id },
      ...{ sessionTimeout: 6_000, maxInFlight: 1, librdkafka: {} },
    };
    const redis = { kind: 'url', url: redisUrl, keyPrefix: this.keyPrefix } as const;
    const config = { kafka, redis, routes: [route] } as unknown as Config;
    const servers = createServers(redis, { logger, clock });
    const offsets = new KafkaOffsets(config, logger);
    const producer = new KafkaProducer({ config, logger });
    const views = new PlaceReader({
      open: () => new AssignedConsumer({ config, groupId: `${this.id}.views`, clock, logger }),
      clock,
    });
    await Promise.all([servers.start(), offsets.start(), producer.start()]);
    const owned = new Set(shards);
    const deadLetters = createDeadLetters(route, {
      ...{ config, servers, offsets, producer, views, clock, logger },
      onClientError: () => undefined,
      nonce: () => randomBytes(9).toString('base64url'),
      owns: (shard) => owned.has(shard),
      shards: () => 2,
    });
    const replica: IndexingReplica = {
      ...{ deadLetters, shards: owned },
      look: async () => {
        const { deadLetterTopic: name } = route;
        const topic = (await offsets.topics([name])).get(name);
        deadLetters.indexer.see(topic ? { id: topic.id, ranges: await offsets.ranges(name) } : null);
      },
      [Symbol.asyncDispose]: async () => {
        await deadLetters.stop();
        await Promise.all([views.stop(), producer.stop(), offsets.stop(), servers.stop()]);
      },
    };
    this.#replicas.push(replica);
    await replica.look();
    await deadLetters.start();
    return replica;
  }

  /** Waits until the index counts so many open ones. */
  async counted(replica: IndexingReplica, open: number): Promise<void> {
    await waitFor(
      `${String(open)} open dead letters`,
      async () => (await replica.deadLetters.desk.state()).open === open,
      { state: async () => JSON.stringify(await replica.deadLetters.desk.state()) },
    );
  }

  /** All rows of the index, the newest first. */
  async all(replica: IndexingReplica): Promise<readonly IndexedDeadLetter[]> {
    const query = { filter: {}, status: 'all', limit: 1_000, after: null } as const;
    return (await replica.deadLetters.desk.page(query)).letters;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const replica of this.#replicas) await replica[Symbol.asyncDispose]();
    await this.sender[Symbol.asyncDispose]();
  }
}
