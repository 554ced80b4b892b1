import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from './produce.ts';
import { ROUTE } from './service-config.ts';
import type { ServiceView } from './service-view.ts';

const ORDER_EVERY_MS = 3_000;

/** Leaves everything running until Ctrl-C, with an order of the key that always fails now and then: a lock to look at. */
export async function keepRunning(given: {
  service: ServiceView;
  producer: Producer;
  poisonKey: string;
  /** How many orders that key has had. */
  seq: number;
  say: (line: string) => void;
  signal: AbortSignal;
}): Promise<void> {
  const { service, producer, poisonKey, say, signal } = given;
  const route = `${service.base}/v1/routes/${ROUTE}`;
  say('');
  say(
    `Running until Ctrl-C. Every ${ORDER_EVERY_MS / 1_000} s there is one more order of ${poisonKey}. Ask:`,
  );
  say(`  curl -s ${service.base}/v1/routes`);
  say(`  curl -s ${route}`);
  say(`  curl -s ${route}/locks`);
  say(`  curl -s ${route}/locks/${poisonKey}`);
  say(`  curl -s ${service.base}/metrics`);
  say(`  node dist/cli.js explain ${poisonKey} --url ${service.base}`);
  const interrupted = once(signal, 'abort');
  for (let { seq } = given; !signal.aborted;) {
    seq += 1;
    await producer.produce([{ key: poisonKey, seq }], 1_000, signal).catch(() => undefined);
    await Promise.race([interrupted, sleep(ORDER_EVERY_MS)]);
  }
}
