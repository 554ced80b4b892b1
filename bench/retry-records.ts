import { randomBytes, randomUUID } from 'node:crypto';
import { PARTITIONS } from './kafka.ts';
import type { Outgoing } from './kafka.ts';

const VALUE = randomBytes(1_024);

/** First failures as a gate publishes them: 1 KiB, three headers of the application's own, each of its own key. */
export function* retryRecords(
  count: number,
  topic: string,
  extra: Record<string, string> = {},
): Generator<Outgoing> {
  for (let i = 0; i < count; i++) {
    const partition = i % PARTITIONS;
    yield {
      partition,
      key: Buffer.from(randomUUID()),
      value: VALUE,
      headers: [
        { 'content-type': 'application/octet-stream' },
        { 'trace-id': '4bf92f3577b34da6a3ce929d0e0e4736' },
        { source: 'bench' },
        { 'x-retry-origin-topic': topic },
        { 'x-retry-origin-partition': String(partition) },
        { 'x-retry-origin-offset': String(Math.floor(i / PARTITIONS)) },
        { 'x-retry-attempt': '1' },
        ...Object.entries(extra).map(([name, value]) => ({ [name]: value })),
      ],
    };
  }
}
