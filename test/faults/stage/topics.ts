import RdKafka from '@confluentinc/kafka-javascript';
import { KafkaOffsets } from '../../../src/kafka/offsets.ts';
import { createLogger } from '../../../src/logger.ts';
import { waitFor } from '../../support/wait-for.ts';
import { HEADROOM_BYTES, MAX_MESSAGE_BYTES, modes, PARTITIONS, topicsOf } from '../routes.ts';

const { Kafka, logLevel } = RdKafka.KafkaJS;
type Admin = ReturnType<InstanceType<typeof Kafka>['admin']>;

/** Kafka as the run sees it, past all proxies: makes the topics, and sees how far they are read. */
export class Topics implements AsyncDisposable {
  readonly #admin: Admin;
  readonly #offsets: KafkaOffsets;

  private constructor(admin: Admin, offsets: KafkaOffsets) {
    this.#admin = admin;
    this.#offsets = offsets;
  }

  static async connect(brokers: readonly string[]): Promise<Topics> {
    const admin = new Kafka({ kafkaJS: { brokers: [...brokers], logLevel: logLevel.NOTHING } }).admin();
    await admin.connect();
    const kafka = {
      brokers: [...brokers],
      clientId: 'faults',
      groupPrefix: '',
      groupInstanceId: null,
      clusterId: null,
      librdkafka: {},
    };
    const config = { kafka: { ...kafka, sessionTimeout: 6_000, maxInFlight: 1 } };
    const offsets = new KafkaOffsets(config, createLogger('silent'));
    await offsets.start();
    return new Topics(admin, offsets);
  }

  async create(): Promise<void> {
    const topics = modes.flatMap((mode) => {
      const { main, retry, deadLetters } = topicsOf(mode);
      return [topic(main, MAX_MESSAGE_BYTES), ...[retry, deadLetters].map((name) => topic(name))];
    });
    await this.#admin.createTopics({ topics });
    await waitFor('the new topics to be known', async () => {
      const known = await this.#admin.fetchTopicMetadata({ topics: topics.map((each) => each.topic) });
      return known.every(({ partitions }) => partitions.length === PARTITIONS);
    });
  }

  /** Resolves when every replica of every partition has all that its leader has: then the next broker may go. */
  async inSync(): Promise<void> {
    const names = modes.map((mode) => topicsOf(mode).main);
    await waitFor(
      'all replicas to be in sync',
      async () => {
        const topics = await this.#admin.fetchTopicMetadata({ topics: names });
        return topics
          .flatMap(({ partitions }) => partitions)
          .every(({ isr, replicas }) => isr.length === replicas.length);
      },
      { within: 60_000, every: 250 },
    );
  }

  /** Records of the main topic that the application has not committed past. */
  async lag(route: string): Promise<number> {
    const { main, group } = topicsOf(route);
    // The commits first: what is produced in between then only makes the lag larger, never negative.
    const committed = await this.#offsets.committed(group, main);
    const ranges = await this.#offsets.ranges(main);
    const sum = (offsets: Iterable<number>): number =>
      [...offsets].reduce((total, offset) => total + offset, 0);
    return sum([...ranges.values()].map(({ end }) => end)) - sum(committed.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#offsets.stop();
    await this.#admin.disconnect();
  }
}

function topic(name: string, maxBytes = MAX_MESSAGE_BYTES + HEADROOM_BYTES) {
  const configEntries = [{ name: 'max.message.bytes', value: String(maxBytes) }];
  return { topic: name, numPartitions: PARTITIONS, replicationFactor: 3, configEntries };
}
