import { ofRoute, rate, sum } from '../metric.ts';
import type { Row } from '../panel.ts';

export const deadLetters: Row = {
  title: 'Dead letters and rare things',
  panels: [
    {
      kind: 'curves',
      title: 'Dead letters by reason',
      description:
        'Messages that were given up a second. Exhausted: all attempts failed. Fatal: the handler said so. Unanswered: each attempt took its consumer down. Undeliverable: Kafka does not take it back.',
      runbook: 'RetryDeadLettersOpen',
      width: 8,
      unit: 'ops',
      stacked: true,
      queries: [{ expr: sum(rate(ofRoute('dead_letters_total')), 'reason'), legend: '{{reason}}' }],
    },
    {
      kind: 'curves',
      title: 'Open dead letters, and redriven ones',
      description: 'What waits for a person, and what a redrive has published again.',
      runbook: 'RetryDeadLettersOpen',
      width: 8,
      unit: 'short',
      queries: [
        { expr: sum(ofRoute('dead_letter_depth')), legend: 'open' },
        { expr: sum(`increase(${ofRoute('redriven_total')}[5m])`), legend: 'redriven in 5 min' },
      ],
    },
    {
      kind: 'curves',
      title: 'Rare things, in 5 min',
      description:
        'Each should be 0. Lost payloads: the retention of the retry topic is shorter than its messages wait. Zombies: announced messages that never came. Refused: too large or forbidden. Carried forward: old messages that still wait, copied to stay alive.',
      width: 8,
      unit: 'short',
      queries: [
        ...(
          [
            ['payloads_lost_total', 'payloads lost'],
            ['zombies_reaped_total', 'zombies reaped'],
            ['publishes_refused_total', 'refused by Kafka'],
            ['carried_forward_total', 'carried forward'],
            ['audit_failures_total', 'deeds not kept'],
          ] as const
        ).map(([name, legend]) => ({ expr: sum(`increase(${ofRoute(name)}[5m])`), legend })),
      ],
    },
  ],
};
