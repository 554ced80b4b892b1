import { stringify } from 'yaml';
import type { Names } from './topics.ts';

export const ROUTE = 'orders';

/** Short, so that all attempts of a message pass while one is looking. */
export const policy = {
  backoff: { initialMs: 300, multiplier: 2, maxMs: 2_000 },
  maxAttempts: 4,
} as const;

/** The service's configuration file. */
export function serviceConfig(given: {
  brokers: readonly string[];
  redisUrl: string;
  port: number;
  names: Names;
  /** Keeps the keys apart from those of others in a Redis that is not the demo's own. */
  prefix: string;
}): string {
  const { brokers, redisUrl, port, names, prefix } = given;
  const { backoff, maxAttempts } = policy;
  return stringify({
    kafka: { brokers, groupPrefix: `${prefix}retry-orchestrator`, sessionTimeout: '6s' },
    redis: { url: redisUrl, keyPrefix: `${prefix}ro:` },
    http: { host: '127.0.0.1', port },
    log: { level: 'info' },
    routes: [
      {
        name: ROUTE,
        topic: names.main,
        consumerGroup: names.consumerGroup,
        retryTopic: names.retry,
        deadLetterTopic: names.deadLetters,
        ordering: 'key',
        gate: true,
        // Without jitter the due time is known to the ms, and so is whether a retry was early.
        backoff: {
          initial: `${backoff.initialMs}ms`,
          multiplier: backoff.multiplier,
          max: `${backoff.maxMs}ms`,
          jitter: 0,
        },
        maxAttempts,
        afterDeadLetter: 'continue',
        redelivery: { maxPerSecond: 10_000, startPerSecond: 10_000 },
      },
    ],
  });
}
