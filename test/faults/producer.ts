import { setTimeout as sleep } from 'node:timers/promises';
import RdKafka, { type Producer as Client } from '@confluentinc/kafka-javascript';
import { called } from '../../dev/demo/called.ts';
import { FACTS_HEADER, valueOf } from './application/facts.ts';
import type { Sent } from './history.ts';
import type { MessageFacts, PlannedMessage } from './plan/load.ts';
import { topicsOf } from './routes.ts';

const SLICE_MS = 10;

/** Sends the load to its topics, each message at its time. */
export class Producer implements AsyncDisposable {
  readonly #client: Client;
  readonly #onSent: (sent: Sent) => void;
  #waiting = 0;
  #failure: Error | undefined;

  private constructor(client: Client, onSent: (sent: Sent) => void) {
    this.#client = client;
    this.#onSent = onSent;
    client.on('delivery-report', (error, report) => {
      this.#waiting -= 1;
      const refused = error as typeof error | null;
      // Whether it is in the topic is not known then, and so nothing is that the checker would find.
      if (refused) this.#failure ??= new Error(`Kafka did not take a message: ${refused.message}`);
      else this.#onSent({ ...(report.opaque as Sent), partition: report.partition, offset: report.offset });
    });
  }

  /** `onSent` is called for each message that Kafka has acknowledged; its time is when the message was handed over. */
  static async connect(brokers: readonly string[], onSent: (sent: Sent) => void): Promise<Producer> {
    const client = new RdKafka.Producer(
      {
        'metadata.broker.list': brokers.join(','),
        ...{ dr_cb: true, acks: -1, 'enable.idempotence': true, 'linger.ms': 1 },
        // A batch of several that is larger than its topic allows would be refused as a whole.
        'batch.size': 65_536,
      },
      {},
    );
    await called((done) => client.connect({}, done as never));
    client.setPollInBackground(true);
    return new Producer(client, onSent);
  }

  /** Resolves when Kafka has acknowledged all. The times of the plan count from `start`, as `performance.now` does. */
  async send(
    plan: readonly (PlannedMessage & { route: string })[],
    start: number,
    signal: AbortSignal,
  ): Promise<void> {
    for (let next = 0; next < plan.length || this.#waiting > 0;) {
      const now = performance.now() - start;
      for (; next < plan.length && plan[next]!.atMs <= now; next += 1) this.#send(plan[next]!);
      if (this.#failure) throw this.#failure;
      await sleep(SLICE_MS, undefined, { signal });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#client.disconnect(2_000, () => {
        resolve();
      });
    });
  }

  #send({ route, partition, keyless, key, seq, atMs, bytes }: PlannedMessage & { route: string }): void {
    const at = Date.now();
    const facts: MessageFacts = { key, seq, atMs, bytes };
    this.#waiting += 1;
    this.#client.produce(
      topicsOf(route).main,
      partition,
      valueOf(facts),
      keyless ? null : Buffer.from(key),
      at,
      { type: 'sent', at, route, key, seq },
      [{ [FACTS_HEADER]: JSON.stringify(facts) }],
    );
  }
}
