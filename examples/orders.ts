// What the example consumers do with an order: every fifth one of a customer fails twice, then succeeds.
import { setTimeout as sleep } from 'node:timers/promises';

export const brokers = process.env['KAFKA_BROKERS'] ?? 'localhost:9092';
export const service = process.env['RETRY_SERVICE'] ?? 'http://localhost:8080';

/** The names of config/retry-orchestrator.yaml. */
export const names = {
  route: 'orders',
  topic: 'orders',
  retryTopic: 'orders.retry',
  deadLetterTopic: 'orders.dlq',
  consumerGroup: 'orders-service',
};

export async function handleOrder(value: Buffer | null, attempt: number): Promise<void> {
  const text = String(value);
  await sleep(5);
  if (Number(/\d+$/.exec(text)?.[0]) % 5 === 0 && attempt < 3) {
    console.log(`failed   ${text}, attempt ${String(attempt)}`);
    throw new Error('the warehouse does not answer');
  }
  console.log(`handled  ${text}, attempt ${String(attempt)}`);
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
