import RdKafka, { type Producer } from '@confluentinc/kafka-javascript';
import type { KafkaRecord } from './kafka-record.ts';
import { connect, disconnect } from './kafka-clients.ts';
import { kafkaBrokers } from './stack.ts';

export interface RecordToSend {
  readonly partition?: number;
  readonly key?: Buffer | string | null;
  readonly value?: Buffer | string | null;
  readonly headers?: readonly (readonly [name: string, value: Buffer | string])[];
  /** Epoch ms; default: now. */
  readonly timestamp?: number;
}

/** The client makes null of an empty Buffer; a view of no bytes into a larger one stays empty. */
const EMPTY = Buffer.alloc(8).subarray(4, 4);

interface Report {
  readonly opaque: unknown;
  readonly partition: number;
  readonly offset: number;
}

class Sending {
  readonly settle: (error: unknown, report: Report) => void;

  constructor(settle: (error: unknown, report: Report) => void) {
    this.settle = settle;
  }
}

/** Writes records exactly as given: bytes, headers with their order and repetitions, timestamp, partition. */
export class Sender implements AsyncDisposable {
  /** For `rdKafkaPublisher`, which may share it. */
  readonly producer: Producer;

  private constructor(producer: Producer) {
    this.producer = producer;
  }

  static async open(): Promise<Sender> {
    const producer = new RdKafka.Producer(
      {
        'metadata.broker.list': kafkaBrokers.join(','),
        'enable.idempotence': true,
        'linger.ms': 1,
        'message.max.bytes': 100_000_000,
        // A batch of many that is larger than its topic allows would be refused as a whole.
        'batch.size': 65_536,
        'topic.metadata.refresh.interval.ms': 1_000,
        dr_cb: true,
      },
      {},
    );
    producer.on('delivery-report', (error: unknown, report) => {
      const { opaque } = report as Report;
      if (opaque instanceof Sending) opaque.settle(error, report as Report);
    });
    await connect(producer);
    producer.setPollInBackground(true);
    return new Sender(producer);
  }

  /** Resolves with the record as it lies in Kafka. */
  send(topic: string, record: RecordToSend): Promise<KafkaRecord> {
    const { partition = 0, timestamp = Date.now() } = record;
    const key = bytesOf(record.key);
    const value = bytesOf(record.value);
    const headers = (record.headers ?? []).map(([name, each]) => [name, Buffer.from(each as never)] as const);
    return new Promise((resolve, reject) => {
      const sending = new Sending((error, report) => {
        if (error) reject(new Error('the record was not written', { cause: error }));
        else
          resolve({
            topic,
            partition: report.partition,
            offset: report.offset,
            timestamp,
            key,
            value,
            headers,
          });
      });
      this.producer.produce(
        topic,
        partition,
        sendable(value),
        sendable(key),
        timestamp,
        sending,
        headers.map(([name, each]) => ({ [name]: sendable(each) ?? EMPTY })),
      );
    });
  }

  /** In the given order. */
  sendAll(topic: string, records: readonly RecordToSend[]): Promise<KafkaRecord[]> {
    return Promise.all(records.map((record) => this.send(topic, record)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await disconnect(this.producer);
  }
}

function bytesOf(data: Buffer | string | null | undefined): Buffer | null {
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : (data ?? null);
}

function sendable(bytes: Buffer | null): Buffer | null {
  return bytes?.length === 0 ? EMPTY : bytes;
}
