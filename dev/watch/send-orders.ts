import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from '../demo/produce.ts';
import { randomFrom } from '../seeded-random.ts';

const KEYS = 500;
const ORDERS_PER_SECOND = 100;
const SLICE_MS = 100;

/** Sends orders until the signal is given. `beforeEach` slice is told the seconds since the start. */
export async function sendOrders(
  producer: Producer,
  signal: AbortSignal,
  beforeEach: (seconds: number) => void,
): Promise<void> {
  const begun = performance.now();
  const random = randomFrom(1);
  for (let seq = 0; !signal.aborted;) {
    beforeEach((performance.now() - begun) / 1_000);
    const count = (ORDERS_PER_SECOND * SLICE_MS) / 1_000;
    const orders = Array.from({ length: count }, () => ({
      key: `order-${Math.floor(random() * KEYS)}`,
      seq: ++seq,
    }));
    await producer.produce(orders, 10_000, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    // Nobody checks them, and this may run all night.
    producer.sent.length = 0;
    await sleep(SLICE_MS, undefined, { signal }).catch(() => undefined);
  }
}
