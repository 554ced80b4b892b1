import RdKafka from '@confluentinc/kafka-javascript';

const { Kafka, logLevel } = RdKafka.KafkaJS;
type Admin = ReturnType<InstanceType<typeof Kafka>['admin']>;

export const PARTITIONS = 6;

export interface Names {
  readonly main: string;
  readonly retry: string;
  readonly deadLetters: string;
  readonly consumerGroup: string;
}

/** Somebody else's Kafka may have an `orders` of its own, so that names there get a prefix. */
export function namesWith(prefix: string): Names {
  const main = `${prefix}orders`;
  return { main, retry: `${main}.retry`, deadLetters: `${main}.dlq`, consumerGroup: `${main}-service` };
}

/** The demo's view of Kafka from outside: makes the topics, and sees how far they are read. */
export class Topics implements AsyncDisposable {
  readonly #names: Names;
  readonly #admin: Admin;

  private constructor(brokers: readonly string[], names: Names) {
    this.#names = names;
    this.#admin = new Kafka({ kafkaJS: { brokers: [...brokers], logLevel: logLevel.NOTHING } }).admin();
  }

  static async connect(brokers: readonly string[], names: Names): Promise<Topics> {
    const topics = new Topics(brokers, names);
    await topics.#admin.connect();
    return topics;
  }

  async create(): Promise<void> {
    await this.#admin.createTopics({
      topics: this.#all.map((topic) => ({ topic, numPartitions: PARTITIONS })),
    });
  }

  async delete(): Promise<void> {
    await this.#admin.deleteTopics({ topics: this.#all });
  }

  /** Where each partition of a topic ends, by its number. */
  async ends(topic: string): Promise<number[]> {
    const ends = Array.from({ length: PARTITIONS }, () => 0);
    for (const { partition, high } of await this.#admin.fetchTopicOffsets(topic))
      ends[partition] = Number(high);
    return ends;
  }

  /** Records of the main topic that the group has not committed past, by partition. */
  async lag(): Promise<number[]> {
    const { main, consumerGroup } = this.#names;
    // The commits first: what is produced in between then only makes the lag larger, never negative.
    const [group] = await this.#admin.fetchOffsets({ groupId: consumerGroup, topics: [main] });
    const ends = await this.ends(main);
    for (const { partition, offset } of group?.partitions ?? []) {
      ends[partition] = (ends[partition] ?? 0) - Math.max(0, Number(offset));
    }
    return ends;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.disconnect();
  }

  get #all(): string[] {
    const { main, retry, deadLetters } = this.#names;
    return [main, retry, deadLetters];
  }
}
