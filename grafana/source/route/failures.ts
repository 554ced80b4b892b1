import { buckets, ofRoute, quantile, rate, sum } from '../metric.ts';
import type { Row } from '../panel.ts';

export const failures: Row = {
  title: 'What fails, and what becomes of it',
  panels: [
    {
      kind: 'curves',
      title: 'Keys locked and unlocked',
      description:
        'Unlocked by what resolved the last message of the key. Locked above all others together for minutes: locks pile up.',
      runbook: 'RetryLocksGrowing',
      width: 8,
      unit: 'ops',
      queries: [
        { expr: sum(rate(ofRoute('locks_acquired_total'))), legend: 'locked' },
        { expr: sum(rate(ofRoute('locks_released_total')), 'reason'), legend: '{{reason}}' },
      ],
    },
    {
      kind: 'curves',
      title: 'Sent to the retry topic',
      description:
        'Records that failed, records behind one that did, and records that a consumer kept in memory for a moment instead.',
      runbook: 'RetryNothingProcessed',
      width: 8,
      unit: 'ops',
      queries: [
        { expr: sum(rate(ofRoute('redirected_total')), 'reason'), legend: '{{reason}}' },
        { expr: sum(rate(ofRoute('handed_off_total'))), legend: 'kept by the consumer' },
      ],
    },
    {
      kind: 'curves',
      title: 'Outcomes of retries',
      description:
        'Only failures: the dependency is still down. Nothing at all while messages are held: see the releases below, and the lag of the consumers.',
      runbook: 'RetryNothingProcessed',
      width: 8,
      unit: 'ops',
      stacked: true,
      queries: [{ expr: sum(rate(ofRoute('retries_processed_total')), 'result'), legend: '{{result}}' }],
    },
    {
      kind: 'curves',
      title: 'Held messages and locked keys',
      description: 'What waits. It should fall after a storm; a plateau is what keeps failing.',
      width: 8,
      unit: 'short',
      queries: [
        { expr: sum(ofRoute('held_messages')), legend: 'held messages' },
        { expr: sum(ofRoute('locks_held')), legend: 'locked keys' },
        { expr: sum(ofRoute('in_flight_messages')), legend: 'in flight' },
      ],
    },
    {
      kind: 'curves',
      title: 'For how long keys were locked',
      description:
        'Of the keys that were unlocked: half of them, and 99 of 100, were locked for less than this. It follows from the backoff, and from how long the dependency was down.',
      width: 8,
      unit: 's',
      queries: [
        { expr: quantile(0.5, rate(buckets('lock_held_seconds'))), legend: 'p50' },
        { expr: quantile(0.99, rate(buckets('lock_held_seconds'))), legend: 'p99' },
      ],
    },
    {
      kind: 'curves',
      title: 'Failures by error class',
      description:
        'The ten classes of errors that fail most attempts. Each replica tells the first 20 classes that it has seen apart; all later ones are `other`.',
      width: 8,
      unit: 'ops',
      stacked: true,
      queries: [
        {
          expr: `topk(10, ${sum(rate(ofRoute('failures_total')), 'error_class')})`,
          legend: '{{error_class}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'What the locked keys wait for',
      description:
        'Due: released as soon as the limit lets them, so many for long means that the limit, the breaker or Kafka holds them back. Parked: they wait for a person. Announced: sent to the retry topic by a consumer, and not read yet.',
      width: 8,
      unit: 'short',
      queries: [
        { expr: sum(ofRoute('due_keys')), legend: 'keys that are due' },
        { expr: sum(ofRoute('parked_keys')), legend: 'keys that are parked' },
        { expr: sum(ofRoute('pending_messages')), legend: 'messages that are announced' },
      ],
    },
    {
      kind: 'words',
      title: 'More about the errors',
      description: 'The service knows the messages of the errors and the keys, which no metric may hold.',
      width: 8,
      text: [
        'Metrics hold neither error messages nor keys. Ask the service:',
        '',
        '```sh',
        'retry-orchestrator failures $route',
        'retry-orchestrator hot-keys $route',
        '```',
        '',
        'or `GET /v1/routes/$route/failures`. The first lists the errors with an example of their messages, the second the keys that hold or fail most messages.',
      ].join('\n'),
    },
  ],
};
