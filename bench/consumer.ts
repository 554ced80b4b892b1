import RdKafka from '@confluentinc/kafka-javascript';
import type { Message } from '@confluentinc/kafka-javascript';
import type { Stack } from '../dev/stack/stack.ts';

/** An application without a gate, to which nothing fails: it commits what it has read, five times a second. */
export class MeasuredConsumer implements AsyncDisposable {
  readonly #consumer: RdKafka.KafkaConsumer;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();
  /** Records that it was given. */
  count = 0;

  private constructor(consumer: RdKafka.KafkaConsumer) {
    this.#consumer = consumer;
  }

  static async start(
    stack: Stack,
    topic: string,
    group: string,
    take: (message: Message) => void = () => undefined,
  ): Promise<MeasuredConsumer> {
    const consumer = new RdKafka.KafkaConsumer({
      'metadata.broker.list': stack.kafka.brokers.join(','),
      'group.id': group,
      'enable.auto.commit': true,
      'auto.commit.interval.ms': 200,
      'auto.offset.reset': 'earliest',
      'fetch.queue.backoff.ms': 5,
      'queued.max.messages.kbytes': 16_384,
    });
    await new Promise<void>((resolve) => {
      consumer.connect({}, () => {
        resolve();
      });
    });
    (
      consumer as never as { setDefaultIsTimeoutOnlyForFirstMessage(on: boolean): void }
    ).setDefaultIsTimeoutOnlyForFirstMessage(true);
    consumer.setDefaultConsumeTimeout(100);
    consumer.subscribe([topic]);
    const self = new MeasuredConsumer(consumer);
    self.#running = self.#run(take);
    return self;
  }

  async #run(take: (message: Message) => void): Promise<void> {
    while (!this.#stopped) {
      const messages = await new Promise<Message[] | undefined>((resolve) => {
        this.#consumer.consume(1_000, (_error, found) => {
          resolve(found);
        });
      });
      for (const message of messages ?? []) {
        this.count++;
        take(message);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await new Promise<void>((resolve) => {
      this.#consumer.disconnect(() => {
        resolve();
      });
    });
  }
}

/** Which origins came back: a bit for each, and how many came again. */
export class Origins {
  readonly #seen: Uint8Array[];
  missing: number;
  again = 0;

  constructor(partitions: number, count: number) {
    this.#seen = Array.from({ length: partitions }, () => new Uint8Array(Math.ceil(count / partitions)));
    this.missing = count;
  }

  take({ partition, headers }: Message): void {
    const offset = Number(headers?.find((one) => 'x-retry-origin-offset' in one)?.['x-retry-origin-offset']);
    const seen = this.#seen[partition];
    if (seen === undefined || !(offset < seen.length)) return;
    if (seen[offset] === 0) this.missing--;
    else this.again++;
    seen[offset] = 1;
  }
}
