import RdKafka, { type KafkaConsumer, type Message } from '@confluentinc/kafka-javascript';
import { called } from '../../../dev/demo/called.ts';
import { headerOf } from '../application/facts.ts';
import type { DeadLetter } from '../history.ts';
import { modes, PARTITIONS, topicsOf } from '../routes.ts';

const BATCH = 500;

/** Reads all dead-letter topics from their beginnings, for as long as the run lasts. */
export class DeadLetters implements AsyncDisposable {
  readonly #consumer: KafkaConsumer;

  private constructor(consumer: KafkaConsumer) {
    this.#consumer = consumer;
  }

  static async open(brokers: readonly string[]): Promise<DeadLetters> {
    const consumer = new RdKafka.KafkaConsumer(
      { 'metadata.broker.list': brokers.join(','), 'group.id': 'nobody', 'enable.auto.commit': false },
      {},
    );
    await called((done) => consumer.connect({}, done as never));
    // Waiting in `consume` would hold one of the threads that all clients of this process share.
    consumer.setDefaultConsumeTimeout(0);
    consumer.assign(
      modes.flatMap((mode) =>
        Array.from({ length: PARTITIONS }, (_, partition) => ({
          ...{ topic: topicsOf(mode).deadLetters, partition, offset: 0 },
        })),
      ),
    );
    return new DeadLetters(consumer);
  }

  /** What came since the last call, or part of it. */
  async more(): Promise<DeadLetter[]> {
    const messages = await called<Message[]>((done) => {
      this.#consumer.consume(BATCH, done);
    }).catch(() => []);
    return messages.map(deadLetterOf);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await called((done) => this.#consumer.disconnect(done as never));
  }
}

function deadLetterOf(message: Message): DeadLetter {
  const text = (name: string): string => headerOf(message, name) ?? '';
  return {
    type: 'dead-letter',
    at: message.timestamp ?? 0,
    route: text('x-retry-route'),
    partition: Number(text('x-retry-origin-partition')),
    offset: Number(text('x-retry-origin-offset')),
    reason: text('x-retry-dead-letter-reason'),
    attempt: Number(text('x-retry-attempt')),
  };
}
