import { stringify } from 'yaml';
import type { Mode, RoutePolicy } from './history.ts';

/** One route for each way to consume; its name says which. */
export const modes: readonly Mode[] = ['gated', 'ungated', 'unordered'];

export const PARTITIONS = 4;

/** Of a main topic. The retry and dead-letter topics allow 64 KiB more, as they should. */
export const MAX_MESSAGE_BYTES = 256 * 1024;
export const HEADROOM_BYTES = 64 * 1024;

/** Shorter than what the nemesis stops processes for. */
export const SESSION_TIMEOUT_MS = 6_000;

const backoff = { initialMs: 500, multiplier: 2, maxMs: 5_000 };
const MAX_ATTEMPTS = 5;
const JOURNAL_INTERVAL_MS = 200;

export const policies: readonly RoutePolicy[] = modes.map((mode) => ({
  ...{ route: mode, mode, backoff },
  ...{ maxAttempts: MAX_ATTEMPTS, journalIntervalMs: JOURNAL_INTERVAL_MS },
}));

export interface TopicNames {
  readonly main: string;
  readonly retry: string;
  readonly deadLetters: string;
  readonly group: string;
}

export function topicsOf(route: string): TopicNames {
  return { main: route, retry: `${route}.retry`, deadLetters: `${route}.dlq`, group: `${route}-service` };
}

/** The file that every replica of the service is started with; their ports are in their environments. */
export function serviceConfig(given: { brokers: readonly string[]; redisUrl: string }): string {
  return stringify({
    kafka: { brokers: given.brokers, sessionTimeout: `${SESSION_TIMEOUT_MS}ms` },
    redis: { url: given.redisUrl },
    http: { host: '127.0.0.1' },
    log: { level: 'info' },
    routes: modes.map((mode) => {
      const { main, retry, deadLetters, group } = topicsOf(mode);
      return {
        name: mode,
        topic: main,
        consumerGroup: group,
        retryTopic: retry,
        deadLetterTopic: deadLetters,
        ordering: mode === 'unordered' ? 'none' : 'key',
        gate: mode === 'gated',
        // Without jitter the due time is known to the ms, and so is whether a retry was early.
        backoff: {
          initial: `${backoff.initialMs}ms`,
          multiplier: backoff.multiplier,
          max: `${backoff.maxMs}ms`,
          jitter: 0,
        },
        maxAttempts: MAX_ATTEMPTS,
        // Every fault begins the ramp anew: at 50 a second the run would only wait for it.
        redelivery: { startPerSecond: 250 },
        // Half of the messages are left in Kafka, and read again when they are due.
        payload: { inlineUpTo: '350B' },
        // Short, like the faults: what is given up after them is given up while the run lasts.
        claimTtl: '5s',
        deliveryTimeout: '10s',
        journalInterval: `${JOURNAL_INTERVAL_MS}ms`,
      };
    }),
  });
}
