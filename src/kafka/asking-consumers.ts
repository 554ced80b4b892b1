import RdKafka from '@confluentinc/kafka-javascript';
import type { KafkaConsumer } from '@confluentinc/kafka-javascript';
import type { Config } from '../config/config.ts';
import { calledBack } from './called-back.ts';
import { clientOptions } from './client-options.ts';

/** How long a question waits for its answer, ms. */
const TIMEOUT = 5_000;

/** Who asks. */
export interface Asker {
  /** Kafka wants one; it is never joined. */
  readonly groupId: string;
  /** What is behind a transaction that is open counts as well. */
  readonly uncommitted?: boolean;
}

type Question<Answer> = (
  consumer: KafkaConsumer,
  timeout: number,
  done: (error: unknown, answer?: Answer) => void,
) => void;

/**
 * Consumers that never join their group: brokers are asked through them what the admin client can not be asked (1.10.1). Its
 * calls for offsets end the process while brokers come and go:
 *
 * - what a group has committed: by an assertion of librdkafka, which uses freed memory, when a coordinator comes back after a
 *   call was given up, and by a segmentation fault when the answer is an error of the group;
 * - where partitions begin and end: by a segmentation fault, rarely, when a broker dies (ADR 26). The search for leaders begins
 *   in the thread of the caller and goes on in librdkafka's own as soon as anything is heard, which may be at the same time.
 */
export class AskingConsumers {
  readonly #config: Pick<Config, 'kafka'>;
  readonly #consumers = new Map<string, Promise<KafkaConsumer>>();

  constructor(config: Pick<Config, 'kafka'>) {
    this.#config = config;
  }

  async stop(): Promise<void> {
    const consumers = await Promise.allSettled(this.#consumers.values());
    this.#consumers.clear();
    const connected = consumers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    await Promise.all(connected.map((consumer) => calledBack((done) => consumer.disconnect(done))));
  }

  /** Rejects where Kafka does not answer. */
  async ask<Answer>(asker: Asker, question: Question<Answer>): Promise<Answer | undefined> {
    const consumer = await this.#consumerOf(asker);
    try {
      return await calledBack<Answer>((done) => {
        question(consumer, TIMEOUT, done);
      });
    } finally {
      // There are no records, but errors of connections, which would pile up unread.
      if (consumer.isConnected()) consumer.consume(1, () => undefined);
    }
  }

  #consumerOf(asker: Asker): Promise<KafkaConsumer> {
    const name = `${String(asker.uncommitted === true)} ${asker.groupId}`;
    const known = this.#consumers.get(name);
    if (known !== undefined) return known;
    const connecting = this.#connect(asker);
    this.#consumers.set(name, connecting);
    // A failure is not remembered: the next who asks tries again.
    connecting.catch(() => this.#consumers.delete(name));
    return connecting;
  }

  async #connect({ groupId, uncommitted = false }: Asker): Promise<KafkaConsumer> {
    const consumer = new RdKafka.KafkaConsumer({
      ...clientOptions(this.#config),
      'group.id': groupId,
      'enable.auto.commit': false,
      'isolation.level': uncommitted ? 'read_uncommitted' : 'read_committed',
    });
    consumer.setDefaultConsumeTimeout(0);
    await calledBack((done) => consumer.connect({ timeout: TIMEOUT }, done));
    return consumer;
  }
}
