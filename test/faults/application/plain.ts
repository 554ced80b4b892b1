import { setTimeout as sleep } from 'node:timers/promises';
import RdKafka, { type KafkaConsumer, type Message } from '@confluentinc/kafka-javascript';
import { called } from '../../../dev/demo/called.ts';
import type { HandlerContext } from '../../../src/gate/index.ts';
import type { Mode } from '../history.ts';
import { SESSION_TIMEOUT_MS, topicsOf } from '../routes.ts';
import { headerOf } from './facts.ts';
import { handlerOf } from './handler.ts';
import type { HistoryWriter } from './history-writer.ts';
import type { RetryProducer } from './retry-producer.ts';
import type { ConsumerSettings } from './settings.ts';

const BATCH = 50;

/**
 * A consumer that knows nothing of the service: handles one record after another, publishes to the retry topic what
 * failed, with all headers that it came with, and commits when Kafka has acknowledged that.
 */
export class PlainConsumer {
  readonly #names: ReturnType<typeof topicsOf>;
  readonly #consumer: KafkaConsumer;
  readonly #producer: RetryProducer;
  readonly #handle: ReturnType<typeof handlerOf>;
  readonly #finished = new Map<number, number>();
  #running = Promise.resolve();
  #stopped = false;

  private constructor(
    mode: Mode,
    settings: ConsumerSettings,
    given: { producer: RetryProducer; history: HistoryWriter },
  ) {
    const { history, producer } = given;
    const { name } = settings;
    this.#producer = producer;
    this.#names = topicsOf(mode);
    this.#handle = handlerOf({ ...settings, route: mode, history });
    this.#consumer = new RdKafka.KafkaConsumer(
      {
        'metadata.broker.list': settings.brokers.join(','),
        'client.id': name,
        'group.id': this.#names.group,
        'session.timeout.ms': SESSION_TIMEOUT_MS,
        'heartbeat.interval.ms': 1_000,
        'fetch.wait.max.ms': 100,
        'fetch.queue.backoff.ms': 5,
        'enable.auto.commit': false,
        // The client's own way, which tells by an event.
        rebalance_cb: true,
      },
      { 'auto.offset.reset': 'earliest' },
    );
    this.#consumer.on('rebalance', (event: { code: number }, partitions: { partition: number }[]) => {
      const type = event.code === RdKafka.CODES.ERRORS.ERR__ASSIGN_PARTITIONS ? 'assigned' : 'revoked';
      history.moved(
        type,
        mode,
        partitions.map(({ partition }) => partition),
      );
    });
  }

  static async start(
    mode: Mode,
    settings: ConsumerSettings,
    given: { producer: RetryProducer; history: HistoryWriter },
  ): Promise<PlainConsumer> {
    const plain = new PlainConsumer(mode, settings, given);
    await called((done) => plain.#consumer.connect({}, done as never));
    plain.#consumer.setDefaultConsumeTimeout(0);
    plain.#consumer.subscribe([plain.#names.main]);
    plain.#running = plain.#consume();
    return plain;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await called((done) => this.#consumer.disconnect(done as never));
  }

  async #consume(): Promise<void> {
    while (!this.#stopped) {
      const messages = await called<Message[]>((done) => {
        this.#consumer.consume(BATCH, done);
      }).catch(() => []);
      for (const message of messages) await this.#take(message);
      this.#commit();
      if (messages.length === 0) await sleep(20);
    }
  }

  async #take(message: Message): Promise<void> {
    const { partition, offset } = message;
    const context = contextOf(message);
    try {
      await this.#handle(message, context);
    } catch (error) {
      const failure = context.redelivered ? [] : firstFailure(context, error as Error);
      await this.#producer.publish(this.#names.retry, message, failure);
    }
    this.#finished.set(partition, offset + 1);
  }

  #commit(): void {
    const topic = this.#names.main;
    const offsets = [...this.#finished].map(([partition, offset]) => ({ topic, partition, offset }));
    this.#finished.clear();
    try {
      if (offsets.length > 0) this.#consumer.commit(offsets);
    } catch (error) {
      // Then they are read again.
      process.stdout.write(`${JSON.stringify({ at: Date.now(), commit: String(error) })}\n`);
    }
  }
}

function contextOf(message: Message): HandlerContext {
  const number = (name: string, otherwise: number): number => Number(headerOf(message, name) ?? otherwise);
  return {
    attempt: number('x-retry-attempt', 1),
    redelivered: headerOf(message, 'x-retry-delivery') !== undefined,
    origin: {
      topic: headerOf(message, 'x-retry-origin-topic') ?? message.topic,
      partition: number('x-retry-origin-partition', message.partition),
      offset: number('x-retry-origin-offset', message.offset),
    },
  };
}

function firstFailure({ origin }: HandlerContext, { name, message }: Error): Record<string, string>[] {
  return Object.entries({
    'x-retry-origin-topic': origin.topic,
    'x-retry-origin-partition': String(origin.partition),
    'x-retry-origin-offset': String(origin.offset),
    'x-retry-attempt': '1',
    'x-retry-error-class': name,
    'x-retry-error-message': message,
  }).map(([header, value]) => ({ [header]: value }));
}
