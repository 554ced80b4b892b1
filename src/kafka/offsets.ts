import RdKafka from '@confluentinc/kafka-javascript';
import type { Metadata } from '@confluentinc/kafka-javascript';
import type { Component } from '../component.ts';
import { groupOfReaders } from '../config/config.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../logger.ts';
import { AskingConsumers } from './asking-consumers.ts';
import type { Asker } from './asking-consumers.ts';
import { clientLogger } from './client-logger.ts';
import { clientOptions } from './client-options.ts';

const { Kafka } = RdKafka.KafkaJS;
type Admin = ReturnType<InstanceType<typeof Kafka>['admin']>;

/** First offset still there, and the last stable one, of a partition. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

export interface Topic {
  readonly partitions: number;
  /** Another one, if the topic was deleted and made anew; '' where the broker does not say. */
  readonly id: string;
}

/** An answer about one partition, or why there is none. */
type OfPartition =
  | { readonly partition: number; readonly offset?: number }
  | { readonly partition?: undefined; readonly message: string };

const TIMEOUT = 5_000;
/** In place of a timestamp. */
const END = -1;
const BEGINNING = -2;
/** The client leaves out an offset that there is none of. */
const NONE = -1;
const UNKNOWN_TOPIC = 3;
const TOPIC_AUTHORIZATION_FAILED = 29;

/** Asks the brokers where a topic ends and what a group has committed. */
export class KafkaOffsets implements Component {
  readonly #admin: Admin;
  readonly #consumers: AskingConsumers;
  /** Nobody joins it; `needsOf` asks for the right to describe it. */
  readonly #groupOfReaders: string;
  /** How many partitions topics had when they were last looked at. */
  readonly #counts = new Map<string, number>();
  #connected = false;

  constructor(config: Pick<Config, 'kafka'>, logger: Logger) {
    const options = { ...clientOptions(config), kafkaJS: { logger: clientLogger(logger) } };
    this.#admin = new Kafka(options as never).admin();
    this.#consumers = new AskingConsumers(config);
    this.#groupOfReaders = groupOfReaders(config);
  }

  async start(): Promise<void> {
    await this.#admin.connect();
    this.#connected = true;
  }

  async stop(): Promise<void> {
    if (!this.#connected) return;
    this.#connected = false;
    await this.#consumers.stop();
    await this.#admin.disconnect();
  }

  /** Throws where Kafka does not answer. */
  async ping(): Promise<void> {
    await this.#admin.listTopics({ timeout: TIMEOUT });
  }

  /**
   * By partition. `uncommitted`: the end of all that is there, instead of the last stable offset. Throws where the topic is
   * not there or Kafka does not answer.
   */
  async ranges(topic: string, { uncommitted = false } = {}): Promise<Map<number, Range>> {
    const asker = { groupId: this.#groupOfReaders, uncommitted };
    const partitions = await this.#partitionsOf(topic, asker);
    const [beginnings, ends] = await Promise.all([
      this.#listed(topic, partitions, BEGINNING, asker),
      this.#listed(topic, partitions, END, asker),
    ]);
    return new Map(
      [...ends].map(([partition, end]) => [partition, { first: beginnings.get(partition) ?? end, end }]),
    );
  }

  /** Offset of the first record with that timestamp (epoch ms) or a later one, by partition; its end where there is none. */
  async firstSince(topic: string, timestamp: number): Promise<Map<number, number>> {
    const asker = { groupId: this.#groupOfReaders };
    const partitions = await this.#partitionsOf(topic, asker);
    const since = await this.#listed(topic, partitions, timestamp, asker);
    const without = partitions.filter((partition) => since.get(partition) === NONE);
    if (without.length === 0) return since;
    return new Map([...since, ...(await this.#listed(topic, without, END, asker))]);
  }

  /** What the group has committed, by partition; a partition without a commit is left out. */
  async committed(groupId: string, topic: string): Promise<Map<number, number>> {
    const partitions = this.#counts.get(topic) ?? (await this.topics([topic])).get(topic)?.partitions ?? 0;
    if (partitions === 0) return new Map();
    const asked = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    const answer = await this.#consumers.ask<readonly OfPartition[]>(
      { groupId },
      (consumer, timeout, done) => {
        consumer.committed(asked, timeout, done);
      },
    );
    return new Map([...offsetsIn(answer)].filter(([, offset]) => offset >= 0));
  }

  /**
   * Codes of what may be done with a topic: none, where Kafka shows nothing of it. null: there is no such topic, or the broker
   * does not say. Throws where Kafka does not answer.
   */
  async operationsOn(topic: string): Promise<readonly number[] | null> {
    const options = { topics: [topic], includeAuthorizedOperations: true, timeout: TIMEOUT };
    try {
      const [found] = await this.#admin.fetchTopicMetadata(options);
      const operations = found?.authorizedOperations ?? [];
      // Who may see a topic may at least describe it: a broker that names nothing does not say.
      return operations.length > 0 ? operations : null;
    } catch (error) {
      const { code } = error as { code?: number };
      if (code === TOPIC_AUTHORIZATION_FAILED) return [];
      if (code === UNKNOWN_TOPIC) return null;
      throw error;
    }
  }

  /** Those of the topics that exist, by name. */
  async topics(names: readonly string[]): Promise<Map<string, Topic>> {
    const known = new Set(await this.#admin.listTopics({ timeout: TIMEOUT }));
    const there = names.filter((name) => known.has(name));
    if (there.length === 0) return new Map();
    const found = await this.#admin.fetchTopicMetadata({ topics: there, timeout: TIMEOUT });
    for (const { name, partitions } of found) this.#counts.set(name, partitions.length);
    return new Map(
      found.map(({ name, partitions, topicId }) => [
        name,
        { partitions: partitions.length, id: idOf(topicId) },
      ]),
    );
  }

  /** By the client that is asked next: what it knows of the topic's partitions and leaders is what it hears now. */
  async #partitionsOf(topic: string, asker: Asker): Promise<readonly number[]> {
    const metadata = await this.#consumers.ask<Metadata>(asker, (consumer, timeout, done) => {
      consumer.getMetadata({ topic, allTopics: false, timeout }, done);
    });
    const partitions = metadata?.topics.find(({ name }) => name === topic)?.partitions ?? [];
    if (partitions.length === 0) throw new Error(`Kafka has no topic ${topic}, or does not show it`);
    return partitions.map(({ id }) => id);
  }

  /** Throws where one partition has no answer. */
  async #listed(
    topic: string,
    partitions: readonly number[],
    timestamp: number,
    asker: Asker,
  ): Promise<Map<number, number>> {
    const asked = partitions.map((partition) => ({ topic, partition, offset: timestamp }));
    const answer = await this.#consumers.ask<readonly OfPartition[]>(asker, (consumer, timeout, done) => {
      consumer.offsetsForTimes(asked, timeout, done);
    });
    const offsets = offsetsIn(answer);
    for (const [partition, offset] of offsets) {
      if (timestamp < 0 && offset < 0) throw new Error(`Kafka does not say where ${topic}/${partition} ends`);
    }
    return offsets;
  }
}

/** Throws the error of the first partition that has one. */
function offsetsIn(answer: readonly OfPartition[] = []): Map<number, number> {
  return new Map(
    answer.map((each) => {
      if (each.partition === undefined) throw new Error(each.message);
      return [each.partition, each.offset ?? NONE];
    }),
  );
}

/** By its bits: the client's types name a text of it that is not there. A broker that knows no ids sends zeros. */
function idOf(uuid: { mostSignificantBits: bigint; leastSignificantBits: bigint } | undefined): string {
  if (uuid === undefined) return '';
  const bits = [uuid.mostSignificantBits, uuid.leastSignificantBits];
  if (bits.every((half) => half === 0n)) return '';
  return bits.map((half) => BigInt.asUintN(64, half).toString(16).padStart(16, '0')).join('');
}
