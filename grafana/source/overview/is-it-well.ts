import { buckets, max, ofRoute, quantile, rate, sum } from '../metric.ts';
import type { Row } from '../panel.ts';

export const isItWell: Row = {
  title: 'Is it well?',
  panels: [
    {
      kind: 'figure',
      title: 'Locked keys',
      description:
        'Keys with at least one message that has failed and is not resolved yet. Some are normal. A number that only grows means that something keeps failing.',
      runbook: 'RetryLocksGrowing',
      width: 4,
      unit: 'short',
      queries: [{ expr: sum(ofRoute('locks_held')), legend: 'locked' }],
    },
    {
      kind: 'figure',
      title: 'Oldest lock',
      description:
        'For how long the messages of one key have been waiting at most. Longer than the longest backoff of the route: look at that key with `retry-orchestrator explain`.',
      runbook: 'RetryLockOld',
      width: 4,
      unit: 's',
      queries: [{ expr: max(ofRoute('oldest_lock_age_seconds')), legend: 'age' }],
      thresholds: [
        { from: 900, color: 'orange' },
        { from: 3_600, color: 'red' },
      ],
    },
    {
      kind: 'figure',
      title: 'Locked minus unlocked, 10 min',
      description:
        'How many more keys were locked than unlocked in the last ten minutes. Around 0 is well. Above 0 for long: failures come in faster than retries succeed.',
      runbook: 'RetryLocksGrowing',
      width: 4,
      unit: 'short',
      queries: [
        {
          expr: `${sum(`increase(${ofRoute('locks_acquired_total')}[10m])`)} - ${sum(`increase(${ofRoute('locks_released_total')}[10m])`)}`,
          legend: 'more locked than unlocked',
        },
      ],
      thresholds: [
        { from: 100, color: 'orange' },
        { from: 10_000, color: 'red' },
      ],
    },
    {
      kind: 'figure',
      title: 'Open dead letters',
      description:
        'Messages that were given up, and that nobody has redriven or dismissed. Each one waits for a person: `retry-orchestrator dead-letters` tells why.',
      runbook: 'RetryDeadLettersOpen',
      width: 4,
      unit: 'short',
      queries: [{ expr: sum(ofRoute('dead_letter_depth')), legend: 'open' }],
      thresholds: [{ from: 1, color: 'orange' }],
    },
    {
      kind: 'figure',
      title: 'Lateness, p99',
      description:
        'How long after its due time Kafka has acknowledged a retry, for 99 of 100. Milliseconds are normal. Seconds: the rate limit, the breaker or a slow Kafka or Redis holds retries back.',
      runbook: 'RetryReleaseLate',
      width: 4,
      unit: 's',
      queries: [{ expr: quantile(0.99, rate(buckets('release_lateness_seconds'))), legend: 'p99' }],
      thresholds: [
        { from: 1, color: 'orange' },
        { from: 10, color: 'red' },
      ],
      idle: 'no retries',
    },
    {
      kind: 'figure',
      title: 'Slowest restore',
      description:
        'How long a shard took from its assignment until its consumers got their claims, for 99 of 100, since the replicas were started. About a second is normal, minutes after Redis has lost its data. Meanwhile consumers of these partitions wait.',
      runbook: 'RetryRestoreSlow',
      width: 4,
      unit: 's',
      queries: [{ expr: quantile(0.99, buckets('state_restore_seconds')), legend: 'p99' }],
      thresholds: [
        { from: 5, color: 'orange' },
        { from: 30, color: 'red' },
      ],
    },
  ],
};
