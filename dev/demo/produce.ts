import { setTimeout as sleep } from 'node:timers/promises';
import RdKafka from '@confluentinc/kafka-javascript';
import { called } from './called.ts';
import type { Order } from './plan.ts';

/** A message that Kafka has acknowledged. */
export interface Sent extends Order {
  readonly partition: number;
  readonly offset: number;
  /** Epoch ms, when it was handed to the producer. */
  readonly at: number;
}

const SLICE_MS = 10;

/** Produces orders, each in the partition of its key. */
export class Producer implements AsyncDisposable {
  readonly #producer: InstanceType<typeof RdKafka.Producer>;
  readonly #topic: string;
  readonly sent: Sent[] = [];
  #waiting = 0;
  #failure: Error | undefined;

  private constructor(brokers: readonly string[], topic: string) {
    this.#topic = topic;
    this.#producer = new RdKafka.Producer({
      'metadata.broker.list': brokers.join(','),
      ...{ dr_cb: true, acks: -1, 'enable.idempotence': true, 'linger.ms': 1 },
      partitioner: 'murmur2_random',
    });
    this.#producer.on('delivery-report', (error, report) => {
      this.#waiting -= 1;
      const refused = error as typeof error | null;
      if (refused) this.#failure ??= new Error(`Kafka did not take a message: ${refused.message}`);
      const { partition, offset } = report;
      this.sent.push({ ...(report.opaque as Order & { at: number }), partition, offset });
    });
  }

  static async connect(brokers: readonly string[], topic: string): Promise<Producer> {
    const producer = new Producer(brokers, topic);
    await called((done) => producer.#producer.connect({}, done));
    producer.#producer.setPollInBackground(true);
    return producer;
  }

  /**
   * Produces evenly, so that how long a message waits says something about the consumers and not about a backlog.
   * Resolves when Kafka has acknowledged all.
   */
  async produce(orders: readonly Order[], perSecond: number, signal: AbortSignal): Promise<void> {
    const start = performance.now();
    for (let next = 0; next < orders.length;) {
      const due = Math.min(orders.length, Math.ceil(((performance.now() - start) / 1_000) * perSecond));
      for (; next < due; next += 1) this.#send(orders[next]!);
      await sleep(SLICE_MS, undefined, { signal });
      if (this.#failure) throw this.#failure;
    }
    while (this.#waiting > 0) await sleep(SLICE_MS, undefined, { signal });
    if (this.#failure) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#producer.disconnect(2_000, () => {
        resolve();
      });
    });
  }

  #send(order: Order): void {
    const at = Date.now();
    const value = Buffer.from(JSON.stringify({ ...order, article: `article-${order.seq % 97}`, at }));
    this.#waiting += 1;
    this.#producer.produce(this.#topic, null, value, Buffer.from(order.key), at, { ...order, at });
  }
}
