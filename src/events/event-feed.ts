import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { SendResult } from '../kafka/send.ts';
import type { KafkaProducer } from '../kafka/producer.ts';
import type { Logger } from '../logger.ts';
import { Trouble } from '../trouble.ts';
import { cloudEvent, CONTENT_TYPE } from './cloud-event.ts';
import type { LifecycleEvent } from './lifecycle-event.ts';

interface Deps {
  readonly topic: string;
  readonly config: Pick<Config, 'environment' | 'kafka'>;
  /** One of its own: what waits here must not hold up redeliveries. */
  readonly producer: Pick<KafkaProducer, 'send' | 'inFlight'>;
  /** Begins the ids of events; unique for each start of the service. */
  readonly nonce: string;
  readonly onEnd: (route: string, end: 'written' | 'dropped') => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** About 10 MiB. What comes while so many wait for Kafka is dropped. */
const WAITING_LIMIT = 10_000;

/** Writes lifecycle events, as far as Kafka takes them; it never makes anybody wait. */
export class EventFeed {
  readonly #deps: Deps;
  readonly #trouble: Trouble;
  #count = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#trouble = new Trouble(deps.logger);
  }

  publish(event: LifecycleEvent): void {
    const { producer, topic, clock } = this.#deps;
    if (producer.inFlight >= WAITING_LIMIT) {
      this.#drop(event.route, 'too many wait for Kafka');
      return;
    }
    const value = cloudEvent(event, this.#envelope(clock.now()));
    const record = { topic, partition: null, key: event.key, value, headers: [CONTENT_TYPE] };
    producer.send(
      record,
      () => record,
      (result) => {
        this.#settle(event.route, result);
      },
    );
  }

  #envelope(at: number) {
    const { config, nonce } = this.#deps;
    this.#count++;
    const { environment, kafka } = config;
    return { id: `${nonce}-${String(this.#count)}`, installation: kafka.groupPrefix, environment, at };
  }

  #settle(route: string, result: SendResult): void {
    if (result.kind !== 'written') {
      this.#drop(route, result.error.message);
      return;
    }
    this.#deps.onEnd(route, 'written');
    this.#trouble.over('events_go_on', 'Kafka takes lifecycle events again');
  }

  #drop(route: string, why: string): void {
    this.#deps.onEnd(route, 'dropped');
    this.#trouble.met(
      { event: 'events_dropped', topic: this.#deps.topic, why },
      'lifecycle events are dropped; events_dropped_total counts them',
    );
  }
}
