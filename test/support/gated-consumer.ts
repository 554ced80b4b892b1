import RdKafka from '@confluentinc/kafka-javascript';
import {
  Gate,
  type GateEvent,
  type PublishRetries,
  rdKafkaPublisher,
  RdKafkaRunner,
} from '../../src/gate/index.ts';
import type { Behaviour, History } from './history.ts';
import { Sender } from './sender.ts';
import { kafkaBrokers } from './stack.ts';
import { waitFor } from './wait-for.ts';

type TimedEvent = GateEvent & { readonly at: number };

export interface GatedConsumerOptions {
  readonly route: string;
  readonly topic: string;
  readonly retryTopic: string;
  readonly group: string;
  /** Addresses of the service. */
  readonly service: readonly string[];
  readonly history: History;
  readonly behaviour: Behaviour;
  /** In place of the one to the retry topic. */
  readonly publish?: PublishRetries;
  /** What it calls the service with. */
  readonly token?: string;
}

/** An application: consumes the main topic through the gate, and writes down what its handler was given. */
export class GatedConsumer implements AsyncDisposable {
  /** What the gate told, and when (epoch ms). */
  readonly events: readonly TimedEvent[];
  readonly #runner: RdKafkaRunner;
  readonly #sender: Sender;

  private constructor(runner: RdKafkaRunner, sender: Sender, events: readonly TimedEvent[]) {
    this.#runner = runner;
    this.#sender = sender;
    this.events = events;
  }

  static async start(options: GatedConsumerOptions): Promise<GatedConsumer> {
    const { route, topic, retryTopic, group, service, history, behaviour } = options;
    const sender = await Sender.open();
    const events: TimedEvent[] = [];
    const publish = options.publish ?? rdKafkaPublisher(sender.producer, { retryTopic });
    const onEvent = (event: GateEvent): void => {
      events.push({ ...event, at: Date.now() });
      // Of records that were first read here nothing is reported: such an event is about a redelivered one.
      if (event.type === 'finished' && event.finish === 'handled') {
        history.successRecorded(event.partition, event.offset);
      }
    };
    const gate = new Gate({
      ...{ route, topic, service, publish, onEvent },
      ...(options.token === undefined ? {} : { token: options.token }),
    });
    const runner = new RdKafkaRunner({
      gate,
      handler: history.handler(behaviour),
      createConsumer: (callbacks) =>
        new RdKafka.KafkaConsumer(
          {
            'metadata.broker.list': kafkaBrokers.join(','),
            'group.id': group,
            'session.timeout.ms': 6_000,
            'heartbeat.interval.ms': 500,
            'fetch.wait.max.ms': 100,
            'fetch.queue.backoff.ms': 5,
            // Sees new partitions and new topics soon.
            'topic.metadata.refresh.interval.ms': 1_000,
            ...callbacks,
          },
          { 'auto.offset.reset': 'earliest' },
        ),
      pollMs: 20,
      commitEveryMs: 100,
    });
    await runner.start();
    return new GatedConsumer(runner, sender, events);
  }

  /** Resolves when it has claimed that many partitions. */
  async claimed(partitions: number): Promise<void> {
    await waitFor(
      `${partitions} claims`,
      () => new Set(this.#of('claimed').map(({ partition }) => partition)).size >= partitions,
      { state: () => this.events.slice(-20) },
    );
  }

  /** The offsets in the main topic, by partition, of what ended this way. */
  finished(finish: string): { partition: number; offset: number }[] {
    return this.#of('finished').filter((event) => event.finish === finish);
  }

  #of<Type extends GateEvent['type']>(type: Type): Extract<TimedEvent, { type: Type }>[] {
    return this.events.filter((event) => event.type === type) as Extract<TimedEvent, { type: Type }>[];
  }

  /** Leaves in the ordinary way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runner.stop();
    await this.#sender[Symbol.asyncDispose]();
  }
}
