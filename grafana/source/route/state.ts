import { BACKPRESSURE, BREAKER } from '../meanings.ts';
import { max, ofRoute, sum } from '../metric.ts';
import type { Row } from '../panel.ts';

export const state: Row = {
  title: '$route now',
  panels: [
    {
      kind: 'figure',
      title: 'Locked keys',
      description: 'Keys with at least one unresolved message. Other keys flow.',
      runbook: 'RetryLocksGrowing',
      width: 3,
      unit: 'short',
      queries: [{ expr: sum(ofRoute('locks_held')), legend: 'locked' }],
    },
    {
      kind: 'figure',
      title: 'Oldest lock',
      description: 'For how long the messages of one key have been waiting at most.',
      runbook: 'RetryLockOld',
      width: 3,
      unit: 's',
      queries: [{ expr: max(ofRoute('oldest_lock_age_seconds')), legend: 'age' }],
    },
    {
      kind: 'figure',
      title: 'Held',
      description: 'Messages that wait for their time, or for an earlier one of their key.',
      width: 3,
      unit: 'short',
      queries: [{ expr: sum(ofRoute('held_messages')), legend: 'held' }],
    },
    {
      kind: 'figure',
      title: 'In flight',
      description:
        'Redelivered messages whose outcome is not known yet. Many for long: the consumers are slow, or do not report.',
      width: 3,
      unit: 'short',
      queries: [{ expr: sum(ofRoute('in_flight_messages')), legend: 'in flight' }],
    },
    {
      kind: 'figure',
      title: 'Breaker',
      description:
        'Open: too much fails, so new failures stop their partitions, and only a few probes are redelivered. It closes by itself when they succeed.',
      runbook: 'RetryBreakerOpen',
      width: 3,
      unit: 'none',
      queries: [{ expr: max(ofRoute('breaker_state')), legend: 'breaker' }],
      meanings: BREAKER,
    },
    {
      kind: 'figure',
      title: 'Backpressure',
      description:
        'Redis is nearly full, or the route holds more bytes than it may: first values stay in Kafka, then the retry topic is read no further.',
      runbook: 'RetryReadingStopped',
      width: 3,
      unit: 'none',
      queries: [{ expr: max(ofRoute('backpressure_state')), legend: 'backpressure' }],
      meanings: BACKPRESSURE,
    },
    {
      kind: 'figure',
      title: 'Open dead letters',
      description: 'Messages that were given up, and that nobody has redriven or dismissed.',
      runbook: 'RetryDeadLettersOpen',
      width: 3,
      unit: 'short',
      queries: [{ expr: sum(ofRoute('dead_letter_depth')), legend: 'open' }],
      thresholds: [{ from: 1, color: 'orange' }],
    },
    {
      kind: 'figure',
      title: 'Hottest key',
      description:
        'The largest share of the held messages that belongs to one key. Near 100 % of many: one busy key is locked; `retry-orchestrator hot-keys` tells which.',
      width: 3,
      unit: 'percentunit',
      queries: [{ expr: max(ofRoute('hot_key_share')), legend: 'share' }],
    },
  ],
};
