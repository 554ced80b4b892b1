import { ofRoute, rate, sum } from '../metric.ts';
import type { Row } from '../panel.ts';

export const traffic: Row = {
  title: 'Failures and retries',
  panels: [
    {
      kind: 'curves',
      title: 'Keys locked and unlocked',
      description:
        'The two curves should lie on each other. Locked above unlocked for minutes: locks pile up.',
      runbook: 'RetryLocksGrowing',
      width: 8,
      unit: 'ops',
      queries: [
        { expr: sum(rate(ofRoute('locks_acquired_total'))), legend: 'locked' },
        { expr: sum(rate(ofRoute('locks_released_total'))), legend: 'unlocked' },
      ],
    },
    {
      kind: 'curves',
      title: 'Locked keys by route',
      description:
        'Which route the locks belong to. One route alone: its dependency. All at once: look below, at Kafka and Redis.',
      width: 8,
      unit: 'short',
      queries: [{ expr: sum(ofRoute('locks_held'), 'route'), legend: '{{route}}' }],
    },
    {
      kind: 'curves',
      title: 'Messages held by route',
      description:
        'Messages that wait for their time, or for an earlier one of their key. Many more than locked keys: a hot key is locked.',
      width: 8,
      unit: 'short',
      queries: [{ expr: sum(ofRoute('held_messages'), 'route'), legend: '{{route}}' }],
    },
    {
      kind: 'curves',
      title: 'Sent to the retry topic',
      description:
        'Records that failed, and records that wait behind one that did. Much more of the second: few keys with much traffic are locked.',
      runbook: 'RetryNothingProcessed',
      width: 8,
      unit: 'ops',
      stacked: true,
      queries: [{ expr: sum(rate(ofRoute('redirected_total')), 'reason'), legend: '{{reason}}' }],
    },
    {
      kind: 'curves',
      title: 'Outcomes of retries',
      description:
        'What became of redelivered messages. Only failures: the dependency is still down. Unanswered: a handler took its consumer down, or a consumer lost its partition.',
      runbook: 'RetryNothingProcessed',
      width: 8,
      unit: 'ops',
      stacked: true,
      queries: [{ expr: sum(rate(ofRoute('retries_processed_total')), 'result'), legend: '{{result}}' }],
    },
    {
      kind: 'curves',
      title: 'Dead letters by reason',
      description:
        'Messages that were given up. Exhausted: all attempts failed. Fatal: the handler said that retrying is pointless. The rest is in docs/dead-letters.md.',
      runbook: 'RetryDeadLettersOpen',
      width: 8,
      unit: 'ops',
      stacked: true,
      queries: [{ expr: sum(rate(ofRoute('dead_letters_total')), 'reason'), legend: '{{reason}}' }],
    },
  ],
};
