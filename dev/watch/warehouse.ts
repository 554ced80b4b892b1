import { setTimeout as sleep } from 'node:timers/promises';
import RdKafka from '@confluentinc/kafka-javascript';
import { FatalError, Gate, rdKafkaPublisher, RdKafkaRunner, type GateRecord } from '../../src/gate/index.ts';
import { called } from '../demo/called.ts';
import type { Names } from '../demo/topics.ts';
import { hash } from '../seeded-random.ts';
import { fateOf, type Weather } from './weather.ts';

/** A consumer of the orders, in this process. Nothing here knows of retries but the gate. */
export class Warehouse implements AsyncDisposable {
  readonly #runner: RdKafkaRunner;
  readonly #producer: InstanceType<typeof RdKafka.Producer>;

  private constructor(runner: RdKafkaRunner, producer: InstanceType<typeof RdKafka.Producer>) {
    this.#runner = runner;
    this.#producer = producer;
  }

  /** @param weather What it is like now. */
  static async open(given: {
    brokers: readonly string[];
    names: Names;
    route: string;
    service: string;
    weather: () => Weather;
  }): Promise<Warehouse> {
    const { names, route, service, weather } = given;
    const connection = { 'metadata.broker.list': given.brokers.join(',') };
    const producer = new RdKafka.Producer({
      ...connection,
      ...{ dr_cb: true, acks: -1, 'enable.idempotence': true, 'linger.ms': 1 },
    });
    await called((done) => producer.connect({}, done));
    producer.setPollInBackground(true);
    const publish = rdKafkaPublisher(producer, { retryTopic: names.retry });
    const gate = new Gate({ service, route, topic: names.main, publish });
    const runner = new RdKafkaRunner({
      gate,
      handler: (record) => handle(record, weather()),
      createConsumer: (callbacks) =>
        new RdKafka.KafkaConsumer(
          {
            ...connection,
            'group.id': names.consumerGroup,
            'fetch.queue.backoff.ms': 5,
            'fetch.wait.max.ms': 50,
            ...callbacks,
          },
          { 'auto.offset.reset': 'earliest' },
        ),
    });
    await runner.start();
    return new Warehouse(runner, producer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runner.stop();
    await called((done) => this.#producer.disconnect(2_000, done));
  }
}

async function handle({ partition, value }: GateRecord, weather: Weather): Promise<void> {
  await sleep(1);
  const lot = hash(`${partition} ${String(value)}`) / 2 ** 32;
  const fate = fateOf(weather, lot, Math.random());
  if (fate === 'fails for good') throw new FatalError('there is no such article');
  if (fate === 'fails') throw new Error('the warehouse does not answer');
}
