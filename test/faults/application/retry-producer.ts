import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, MessageHeader, Producer } from '@confluentinc/kafka-javascript';

const PAUSE_MS = 100;

/** Tells our records from those of others that use the same producer. */
class Publishing {
  readonly settle: (error: unknown) => void;

  constructor(settle: (error: unknown) => void) {
    this.settle = settle;
  }
}

/** Publishes failures as an application without the gate does. */
export class RetryProducer {
  readonly #producer: Producer;

  constructor(producer: Producer) {
    this.#producer = producer;
    producer.on('delivery-report', (error: unknown, report) => {
      const { opaque } = report as { opaque?: unknown };
      if (opaque instanceof Publishing) opaque.settle(error);
    });
  }

  /** Resolves when Kafka has acknowledged it. Until then it goes on trying: the record is not committed before. */
  async publish(topic: string, message: Message, more: readonly MessageHeader[]): Promise<void> {
    for (;;) {
      try {
        await this.#produce(topic, message, more);
        return;
      } catch (error) {
        const reason = String((error as Error).cause ?? error);
        process.stdout.write(`${JSON.stringify({ at: Date.now(), topic, publish: reason })}\n`);
        await sleep(PAUSE_MS);
      }
    }
  }

  #produce(topic: string, message: Message, more: readonly MessageHeader[]): Promise<void> {
    const { partition, value, key, headers = [] } = message;
    return new Promise((resolve, reject) => {
      const publishing = new Publishing((error) => {
        if (error) reject(new Error('Kafka did not take a failure', { cause: error }));
        else resolve();
      });
      this.#producer.produce(topic, partition, value, key, null, publishing, [...headers, ...more]);
    });
  }
}
