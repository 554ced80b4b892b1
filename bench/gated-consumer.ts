import RdKafka from '@confluentinc/kafka-javascript';
import type { Message } from '@confluentinc/kafka-javascript';
import type { Stack } from '../dev/stack/stack.ts';
import { Gate, rdKafkaPublisher, RdKafkaRunner } from '../src/gate/index.ts';
import type { MeasuredRoute, MeasuredService } from './service.ts';

/** An application with the gate, to which nothing fails. */
export class MeasuredGate implements AsyncDisposable {
  readonly #runner: RdKafkaRunner;
  readonly #producer: RdKafka.Producer;

  private constructor(runner: RdKafkaRunner, producer: RdKafka.Producer) {
    this.#runner = runner;
    this.#producer = producer;
  }

  /** `handle` is given each record. */
  static async start(
    stack: Stack,
    service: MeasuredService,
    { name, topic, retryTopic }: MeasuredRoute,
    handle: (message: Message) => void,
  ): Promise<MeasuredGate> {
    const brokers = stack.kafka.brokers.join(',');
    const producer = new RdKafka.Producer({
      'metadata.broker.list': brokers,
      'enable.idempotence': true,
      dr_cb: true,
    });
    await new Promise<void>((resolve) => {
      producer.connect({}, () => {
        resolve();
      });
    });
    producer.setPollInBackground(true);
    const publish = rdKafkaPublisher(producer, { retryTopic });
    const gate = new Gate({ route: name, topic, service: service.url, publish });
    const runner = new RdKafkaRunner({
      gate,
      handler: (record) => {
        // A message of the RdKafka API, as it is.
        handle(record as Message);
        return Promise.resolve();
      },
      createConsumer: (callbacks) =>
        new RdKafka.KafkaConsumer({
          ...{ 'metadata.broker.list': brokers, 'group.id': `${name}-consumers` },
          ...{ 'auto.offset.reset': 'earliest', 'fetch.queue.backoff.ms': 5 },
          ...callbacks,
        }),
    });
    await runner.start();
    return new MeasuredGate(runner, producer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runner.stop();
    await new Promise<void>((resolve) => {
      this.#producer.disconnect(() => {
        resolve();
      });
    });
  }
}
