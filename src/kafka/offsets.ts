import RdKafka from '@confluentinc/kafka-javascript';
import type { Component } from '../component.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../logger.ts';
import { clientLogger } from './client-logger.ts';
import { clientOptions } from './client-options.ts';
import { CommittedOffsets } from './committed-offsets.ts';

const { Kafka, IsolationLevel } = RdKafka.KafkaJS;
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

const TIMEOUT = 5_000;
const UNKNOWN_TOPIC = 3;
const TOPIC_AUTHORIZATION_FAILED = 29;

/** Asks the brokers where a topic ends and what a group has committed. */
export class KafkaOffsets implements Component {
  readonly #admin: Admin;
  readonly #committed: CommittedOffsets;
  /** How many partitions topics had when they were last looked at. */
  readonly #counts = new Map<string, number>();
  #connected = false;

  constructor(config: Pick<Config, 'kafka'>, logger: Logger) {
    const options = { ...clientOptions(config), kafkaJS: { logger: clientLogger(logger) } };
    this.#admin = new Kafka(options as never).admin();
    this.#committed = new CommittedOffsets(config);
  }

  async start(): Promise<void> {
    await this.#admin.connect();
    this.#connected = true;
  }

  async stop(): Promise<void> {
    if (!this.#connected) return;
    this.#connected = false;
    await this.#committed.stop();
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
    const offsets = await this.#admin.fetchTopicOffsets(topic, {
      isolationLevel: uncommitted ? IsolationLevel.READ_UNCOMMITTED : IsolationLevel.READ_COMMITTED,
      timeout: TIMEOUT,
    });
    return new Map(
      offsets.map(({ partition, low, high }) => [partition, { first: Number(low), end: Number(high) }]),
    );
  }

  /** Offset of the first record with that timestamp (epoch ms) or a later one, by partition; its end where there is none. */
  async firstSince(topic: string, timestamp: number): Promise<Map<number, number>> {
    const offsets = await this.#admin.fetchTopicOffsetsByTimestamp(topic, timestamp, {
      isolationLevel: IsolationLevel.READ_COMMITTED,
      timeout: TIMEOUT,
    });
    return new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
  }

  /** What the group has committed, by partition; a partition without a commit is left out. */
  async committed(groupId: string, topic: string): Promise<Map<number, number>> {
    const partitions = this.#counts.get(topic) ?? (await this.topics([topic])).get(topic)?.partitions ?? 0;
    return this.#committed.of(groupId, topic, partitions);
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
}

/** By its bits: the client's types name a text of it that is not there. A broker that knows no ids sends zeros. */
function idOf(uuid: { mostSignificantBits: bigint; leastSignificantBits: bigint } | undefined): string {
  if (uuid === undefined) return '';
  const bits = [uuid.mostSignificantBits, uuid.leastSignificantBits];
  if (bits.every((half) => half === 0n)) return '';
  return bits.map((half) => BigInt.asUintN(64, half).toString(16).padStart(16, '0')).join('');
}
