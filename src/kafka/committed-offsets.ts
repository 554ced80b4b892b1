import RdKafka from '@confluentinc/kafka-javascript';
import type { KafkaConsumer } from '@confluentinc/kafka-javascript';
import type { Config } from '../config/config.ts';
import { calledBack } from './called-back.ts';
import { clientOptions } from './client-options.ts';

const TIMEOUT = 5_000;

interface Committed {
  readonly partition: number;
  /** Absent or negative: nothing is committed. */
  readonly offset?: number;
}

/**
 * What groups have committed, asked through a consumer that has the group's id and never joins the group.
 *
 * The admin client's call for it (1.10.1) ends the process: by an assertion of librdkafka, which uses freed memory, when a
 * coordinator comes back after a call was given up, and by a segmentation fault when the answer is an error of the group.
 */
export class CommittedOffsets {
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

  /** By partition; one without a commit is left out. Rejects where Kafka does not answer. */
  async of(groupId: string, topic: string, partitions: number): Promise<Map<number, number>> {
    const consumer = await this.#consumerOf(groupId);
    const asked = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    const answer = await calledBack<Committed[]>((done) => consumer.committed(asked, TIMEOUT, done));
    // There are no records, but errors of connections, which would pile up unread.
    consumer.consume(1, () => undefined);
    const committed = new Map<number, number>();
    for (const { partition, offset = -1 } of answer ?? []) {
      if (offset >= 0) committed.set(partition, offset);
    }
    return committed;
  }

  #consumerOf(groupId: string): Promise<KafkaConsumer> {
    const known = this.#consumers.get(groupId);
    if (known !== undefined) return known;
    const connecting = this.#connect(groupId);
    this.#consumers.set(groupId, connecting);
    // A failure is not remembered: the next who asks tries again.
    connecting.catch(() => this.#consumers.delete(groupId));
    return connecting;
  }

  async #connect(groupId: string): Promise<KafkaConsumer> {
    const options = { ...clientOptions(this.#config), 'group.id': groupId, 'enable.auto.commit': false };
    const consumer = new RdKafka.KafkaConsumer(options);
    consumer.setDefaultConsumeTimeout(0);
    await calledBack((done) => consumer.connect({ timeout: TIMEOUT }, done));
    return consumer;
  }
}
