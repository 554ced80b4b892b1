// What the example consumers do with an order: the warehouse behind it fails the first two attempts at the first event of
// every fifth order, and works otherwise.
import { writeSync } from 'node:fs';
import type { Origin } from '../../src/gate/index.ts';

/** The defaults are the names of config/retry-orchestrator.yaml. */
export const brokers = process.env['KAFKA_BROKERS'] ?? 'localhost:9092';
export const service = process.env['RETRY_ORCHESTRATOR_URL'] ?? 'http://localhost:8080';
export const topic = process.env['TOPIC'] ?? 'orders';
export const route = process.env['ROUTE'] ?? topic;
export const retryTopic = process.env['RETRY_TOPIC'] ?? 'orders.retry';
export const consumerGroup = process.env['GROUP_ID'] ?? 'orders-service';
export const sessionTimeoutMs = Number(process.env['SESSION_TIMEOUT_MS'] ?? 45_000);

interface OrderEvent {
  readonly order: string;
  readonly seq: number;
  readonly event: string;
}

/** Handles one event of an order. Throwing means that it failed. */
export function handleOrder(value: Buffer | null, { partition, offset }: Origin, attempt: number): void {
  const { order, seq } = JSON.parse(String(value)) as OrderEvent;
  const works = seq !== 0 || Number(order.replace('order-', '')) % 5 !== 0 || attempt > 2;
  const result = works ? 'succeeded' : 'failed';
  // Written before this returns: whoever reads along sees the order in which things really happened.
  writeSync(1, `${JSON.stringify({ order, seq, partition, offset, attempt, result })}\n`);
  if (!works) throw new Error('the warehouse does not answer');
}

/** Resolves with the first Ctrl-C or SIGTERM. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        resolve();
      });
  });
}
