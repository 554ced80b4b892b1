import RdKafka from '@confluentinc/kafka-javascript';
import type { DeliveryReport, Producer as RdProducer } from '@confluentinc/kafka-javascript';
import type { Component } from '../component.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../logger.ts';
import { calledBack } from './called-back.ts';
import { logLastWords } from './client-errors.ts';
import type { OnClientError } from './client-errors.ts';
import { producerOptions } from './client-options.ts';
import { refusalOf } from './publish-refusal.ts';
import { SendLane, type Sending } from './send-lane.ts';
import type { OutgoingRecord, RecordSource, SendResult } from './send.ts';

interface Deps {
  readonly config: Pick<Config, 'kafka'>;
  readonly logger: Logger;
  /** Hears every error of the client. */
  readonly onClientError?: OnClientError;
}

/** The client sends an empty Buffer as null, a tombstone; a view of no bytes into a larger one stays empty. */
const EMPTY = Buffer.alloc(8).subarray(4, 4);

/** One idempotent producer: what is sent in order is written in order, per partition. */
export class KafkaProducer implements Component {
  readonly #producer: RdProducer;
  readonly #onTheirWay = new Map<number, { sending: Sending; lane: SendLane }>();
  readonly #lanes = new Map<string, SendLane>();
  #unsettled = 0;
  #lastId = 0;
  #connected = false;

  constructor({ config, logger, onClientError }: Deps) {
    this.#producer = new RdKafka.Producer(producerOptions(config));
    this.#producer.on('delivery-report', (error: unknown, { opaque, offset }: DeliveryReport) => {
      const failed = error !== null && error !== undefined;
      if (failed) onClientError?.(error);
      this.#settle(opaque as number, failed ? refusalOf(error) : { kind: 'written', offset });
    });
    logLastWords(this.#producer, logger);
    this.#producer.on('event.error', (error) => {
      onClientError?.(error);
      logger.warn(
        { event: 'kafka_producer_error', code: error.code, error: error.message },
        'Kafka producer',
      );
    });
  }

  async start(): Promise<void> {
    await calledBack((done) => this.#producer.connect({}, done));
    this.#producer.setPollInBackground(true);
    this.#connected = true;
  }

  async stop(): Promise<void> {
    if (!this.#connected) return;
    this.#connected = false;
    await calledBack((done) => this.#producer.disconnect(5_000, done)).catch(() => undefined);
    const error = new Error('the producer was closed');
    const left = [...this.#lanes.values()].flatMap((lane) => lane.abandon());
    for (const { sending } of this.#onTheirWay.values()) left.push(sending);
    this.#onTheirWay.clear();
    this.#lanes.clear();
    for (const { settle } of left) settle({ kind: 'unknown', error });
  }

  /** Sends not acknowledged yet. */
  get inFlight(): number {
    return this.#unsettled;
  }

  /** Sends behind everything sent before to that place. Never throws: every end is told to `settle`, once. */
  send(
    { topic, partition }: Pick<OutgoingRecord, 'topic' | 'partition'>,
    record: RecordSource,
    settle: (result: SendResult) => void,
  ): void {
    this.#unsettled++;
    const settled = (result: SendResult): void => {
      this.#unsettled--;
      settle(result);
    };
    this.#lane(`${topic}/${partition ?? ''}`).send({ record, settle: settled, alone: false });
  }

  #lane(place: string): SendLane {
    const known = this.#lanes.get(place);
    if (known !== undefined) return known;
    const lane: SendLane = new SendLane((sending) => {
      this.#produce(lane, sending);
    });
    this.#lanes.set(place, lane);
    return lane;
  }

  #produce(lane: SendLane, sending: Sending): void {
    const record = sending.record();
    const id = ++this.#lastId;
    this.#onTheirWay.set(id, { sending, lane });
    try {
      this.#producer.produce(
        record.topic,
        record.partition ?? -1,
        record.value?.length === 0 ? EMPTY : record.value,
        record.key?.length === 0 ? EMPTY : record.key,
        undefined,
        id,
        record.headers.map(([name, value]) => ({ [name]: value.length === 0 ? EMPTY : value })),
      );
    } catch (error) {
      this.#settle(id, refusalOf(error));
    }
  }

  #settle(id: number, result: SendResult): void {
    const one = this.#onTheirWay.get(id);
    if (one === undefined) return;
    this.#onTheirWay.delete(id);
    const { sending, lane } = one;
    if (lane.answered(sending, result)) sending.settle(result);
  }
}
