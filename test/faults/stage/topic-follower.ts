import RdKafka, { type KafkaConsumer, type Message } from '@confluentinc/kafka-javascript';
import { called } from '../../../dev/demo/called.ts';
import { PARTITIONS } from '../routes.ts';

const BATCH = 500;

/** Reads topics from their beginnings, for as long as the run lasts, and tells what there is to say of their records. */
export class TopicFollower<Line> implements AsyncDisposable {
  readonly #consumer: KafkaConsumer;
  readonly #read: (message: Message) => Line | undefined;

  private constructor(consumer: KafkaConsumer, read: (message: Message) => Line | undefined) {
    this.#consumer = consumer;
    this.#read = read;
  }

  /** Records of which `read` says nothing are left out. */
  static async open<Line>(
    brokers: readonly string[],
    topics: readonly string[],
    read: (message: Message) => Line | undefined,
  ): Promise<TopicFollower<Line>> {
    const config = {
      'metadata.broker.list': brokers.join(','),
      'group.id': 'nobody',
      'enable.auto.commit': false,
    };
    const consumer = new RdKafka.KafkaConsumer(config);
    await called((done) => consumer.connect({}, done as never));
    // Waiting in `consume` would hold one of the threads that all clients of this process share.
    consumer.setDefaultConsumeTimeout(0);
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    consumer.assign(
      topics.flatMap((topic) => partitions.map((partition) => ({ topic, partition, offset: 0 }))),
    );
    return new TopicFollower(consumer, read);
  }

  /** What came since the last call, or part of it. */
  async more(): Promise<Line[]> {
    const messages = await called<Message[]>((done) => {
      this.#consumer.consume(BATCH, done);
    }).catch(() => []);
    return messages.flatMap((message) => this.#read(message) ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await called((done) => this.#consumer.disconnect(done as never));
  }
}
