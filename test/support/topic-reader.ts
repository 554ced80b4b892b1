import { setTimeout as sleep } from 'node:timers/promises';
import RdKafka, { type KafkaConsumer, type Message } from '@confluentinc/kafka-javascript';
import { type KafkaRecord, recordOf } from './kafka-record.ts';
import { connect, disconnect } from './kafka-clients.ts';
import { kafkaBrokers } from './stack.ts';
import { waitFor, type WaitOptions } from './wait-for.ts';

/** Reads everything of a topic, from its beginning on, beside all groups. */
export class TopicReader implements AsyncDisposable {
  readonly topic: string;
  readonly records: KafkaRecord[] = [];
  readonly #consumer: KafkaConsumer;
  readonly #running: Promise<void>;
  #stopped = false;

  private constructor(topic: string, consumer: KafkaConsumer) {
    this.topic = topic;
    this.#consumer = consumer;
    this.#running = this.#read();
  }

  static async open(topic: string, partitions: number): Promise<TopicReader> {
    const consumer = new RdKafka.KafkaConsumer(
      {
        'metadata.broker.list': kafkaBrokers.join(','),
        'group.id': 'nobody',
        'enable.auto.commit': false,
        'fetch.wait.max.ms': 100,
      },
      {},
    );
    await connect(consumer);
    // Waiting in `consume` would hold one of the four threads that all clients of this process share.
    consumer.setDefaultConsumeTimeout(0);
    consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })));
    return new TopicReader(topic, consumer);
  }

  /** Waits until there are at least `count` records that fit. */
  async atLeast(
    count: number,
    what: string,
    fits: (record: KafkaRecord) => boolean = () => true,
    options?: WaitOptions,
  ): Promise<KafkaRecord[]> {
    return waitFor(
      `${count} × ${what} in ${this.topic}`,
      () => {
        const found = this.records.filter(fits);
        return found.length >= count && found;
      },
      {
        state: () => `${this.records.length} records, ${this.records.filter(fits).length} that fit`,
        ...options,
      },
    );
  }

  async one(what: string, fits: (record: KafkaRecord) => boolean = () => true): Promise<KafkaRecord> {
    const [record] = await this.atLeast(1, what, fits);
    return record!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await disconnect(this.#consumer);
  }

  async #read(): Promise<void> {
    while (!this.#stopped) {
      const messages = await new Promise<Message[]>((resolve) => {
        this.#consumer.consume(1_000, (error: unknown, read: Message[]) => {
          resolve(error ? [] : read);
        });
      });
      this.records.push(...messages.map(recordOf));
      if (messages.length === 0) await sleep(20);
    }
  }
}
