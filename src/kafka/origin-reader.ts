import RdKafka from '@confluentinc/kafka-javascript';
import type { KafkaConsumer, Message } from '@confluentinc/kafka-javascript';
import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Config } from '../config/config.ts';
import type { KafkaRecord, Origin } from '../domain/record.ts';
import { calledBack } from './called-back.ts';
import { consumerOptions } from './client-options.ts';
import { readMessage } from './record-reader.ts';

/** `gone`: retention removed the record. */
export type OriginValue = ({ readonly kind: 'read' } & KafkaRecord) | { readonly kind: 'gone' };

interface Deps {
  readonly config: Pick<Config, 'kafka'>;
  readonly clock: Clock;
}

const DEADLINE = 10_000;

/**
 * Reads single records where they were first read, for those that were too large to be published again with their
 * headers. They are rare: one at a time, on a consumer of its own that is connected with the first.
 */
export class OriginReader implements Component {
  readonly #deps: Deps;
  #consumer: Promise<KafkaConsumer> | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    const consumer = await this.#consumer?.catch(() => null);
    this.#consumer = null;
    if (!consumer) return;
    await calledBack((done) => consumer.disconnect(done));
  }

  /** Rejects where Kafka does not answer in time. */
  read(origin: Origin): Promise<OriginValue> {
    const reading = this.#last.then(() => this.#read(origin));
    this.#last = reading.catch(() => undefined);
    return reading;
  }

  async #read(origin: Origin): Promise<OriginValue> {
    this.#consumer ??= this.#connect();
    // A failure is not remembered: the next value is asked for on a new connection.
    this.#consumer.catch(() => (this.#consumer = null));
    const consumer = await this.#consumer;
    const { clock } = this.#deps;
    const deadline = clock.monotonic() + DEADLINE;
    consumer.assign([{ ...origin }]);
    try {
      while (clock.monotonic() < deadline) {
        for (const message of await consumeOne(consumer)) {
          const here = message.topic === origin.topic && message.partition === origin.partition;
          if (here && message.offset === origin.offset) return { kind: 'read', ...readMessage(message) };
          if (here && message.offset > origin.offset) return { kind: 'gone' };
        }
      }
    } finally {
      consumer.unassign();
    }
    throw new Error(
      `${origin.topic}/${String(origin.partition)} at ${String(origin.offset)} could not be read in time`,
    );
  }

  async #connect(): Promise<KafkaConsumer> {
    const { config } = this.#deps;
    const options = {
      ...consumerOptions(config, `${config.kafka.groupPrefix}.origins`),
      'enable.partition.eof': false,
    };
    const consumer = new RdKafka.KafkaConsumer(options);
    consumer.setDefaultConsumeTimeout(500);
    await calledBack((done) => consumer.connect({ timeout: DEADLINE }, done));
    return consumer;
  }
}

async function consumeOne(consumer: KafkaConsumer): Promise<Message[]> {
  const messages = await calledBack<Message[]>((done) => {
    consumer.consume(1, done);
  });
  return messages ?? [];
}
