import { setTimeout as sleep } from 'node:timers/promises';
import RdKafka, { type KafkaConsumer, type Message } from '@confluentinc/kafka-javascript';
import type { Behaviour, History } from './history.ts';
import { header, type HeaderPair, type KafkaRecord, recordOf } from './kafka-record.ts';
import { Sender } from './sender.ts';
import { connect, disconnect } from './kafka-clients.ts';
import { kafkaBrokers } from './stack.ts';

export interface PlainConsumerOptions {
  readonly topic: string;
  readonly retryTopic: string;
  readonly group: string;
  readonly history: History;
  readonly behaviour: Behaviour;
}

/**
 * An application without the gate: handles one record after another, publishes to the retry topic what failed, with all
 * headers that it came with, and commits. It knows nothing of the service.
 */
export class PlainConsumer implements AsyncDisposable {
  /** Nothing is committed in these. */
  readonly heldPartitions = new Set<number>();
  readonly #options: PlainConsumerOptions;
  readonly #consumer: KafkaConsumer;
  readonly #sender: Sender;
  readonly #handle: ReturnType<History['handler']>;
  readonly #finished = new Map<number, number>();
  readonly #running: Promise<void>;
  #stopped = false;

  private constructor(options: PlainConsumerOptions, consumer: KafkaConsumer, sender: Sender) {
    this.#options = options;
    this.#consumer = consumer;
    this.#sender = sender;
    this.#handle = options.history.handler(options.behaviour);
    this.#running = this.#consume();
  }

  static async start(options: PlainConsumerOptions): Promise<PlainConsumer> {
    const consumer = new RdKafka.KafkaConsumer(
      {
        'metadata.broker.list': kafkaBrokers.join(','),
        'group.id': options.group,
        'session.timeout.ms': 6_000,
        'fetch.wait.max.ms': 100,
        'enable.auto.commit': false,
      },
      { 'auto.offset.reset': 'earliest' },
    );
    await connect(consumer);
    consumer.setDefaultConsumeTimeout(0);
    consumer.subscribe([options.topic]);
    return new PlainConsumer(options, consumer, await Sender.open());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await disconnect(this.#consumer);
    await this.#sender[Symbol.asyncDispose]();
  }

  async #consume(): Promise<void> {
    while (!this.#stopped) {
      const messages = await new Promise<Message[]>((resolve) => {
        this.#consumer.consume(100, (error: unknown, read: Message[]) => {
          resolve(error ? [] : read);
        });
      });
      for (const message of messages) await this.#take(message);
      this.#commit();
      if (messages.length === 0) await sleep(20);
    }
  }

  async #take(message: Message): Promise<void> {
    const record = recordOf(message);
    const { topic, partition, offset } = record;
    const number = (name: string): number | undefined => {
      const value = header(record, name);
      return value === undefined ? undefined : Number(value);
    };
    const context = {
      attempt: number('x-retry-attempt') ?? 1,
      redelivered: header(record, 'x-retry-delivery') !== undefined,
      origin: {
        topic: header(record, 'x-retry-origin-topic') ?? topic,
        partition: number('x-retry-origin-partition') ?? partition,
        offset: number('x-retry-origin-offset') ?? offset,
      },
    };
    try {
      await this.#handle(message, context);
    } catch (error) {
      await this.#sender.send(this.#options.retryTopic, {
        partition,
        key: record.key,
        value: record.value,
        headers: context.redelivered ? record.headers : [...record.headers, ...firstFailure(record, error)],
      });
    }
    this.#finished.set(partition, offset + 1);
  }

  #commit(): void {
    const { topic } = this.#options;
    const due = [...this.#finished].filter(([partition]) => !this.heldPartitions.has(partition));
    if (due.length === 0) return;
    this.#consumer.commit(due.map(([partition, offset]) => ({ topic, partition, offset })));
    for (const [partition] of due) this.#finished.delete(partition);
  }
}

function firstFailure({ topic, partition, offset }: KafkaRecord, error: unknown): HeaderPair[] {
  const { name, message } = error as Error;
  const headers = {
    'x-retry-origin-topic': topic,
    'x-retry-origin-partition': String(partition),
    'x-retry-origin-offset': String(offset),
    'x-retry-attempt': '1',
    'x-retry-error-class': name,
    'x-retry-error-message': message,
  };
  return Object.entries(headers).map(([each, value]) => [each, Buffer.from(value)]);
}
