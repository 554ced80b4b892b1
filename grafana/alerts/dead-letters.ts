import { type AlertGroup, MINUTE } from './alert.ts';
import type { Limits } from './limits.ts';
import { perRoute } from './installation.ts';

/** Messages that were given up. */
export function deadLetterAlerts({ deadLetterBurst }: Limits): AlertGroup {
  return {
    name: 'retry-orchestrator.dead-letters',
    alerts: [
      {
        name: 'RetryDeadLettersOpen',
        severity: 'ticket',
        // Only the owner of the first shard reports it, so the maximum is its figure. Between two owners nobody does.
        expr: `max ${perRoute} (max_over_time(retry_orchestrator_dead_letter_depth[2m])) > 0`,
        holds: 15 * MINUTE,
        summary: 'Messages of route {{ $labels.route }} were given up, and nobody has dealt with them.',
        value: '{{ $value | humanize }} open dead letters',
      },
      {
        name: 'RetryDeadLetterBurst',
        severity: 'page',
        expr: `sum ${perRoute} (increase(retry_orchestrator_dead_letters_total{reason!="operator"}[10m])) > ${deadLetterBurst}`,
        holds: 0,
        summary: 'Many messages of route {{ $labels.route }} are being given up.',
        value: '{{ $value | humanize }} dead letters in 10 minutes',
      },
      {
        name: 'RetryPayloadsLost',
        severity: 'page',
        expr: `sum ${perRoute} (increase(retry_orchestrator_payloads_lost_total[1h])) > 0`,
        holds: 0,
        summary: "Kafka's retention removed messages of route {{ $labels.route }} before they were retried.",
        value: '{{ $value | humanize }} messages in an hour',
      },
    ],
  };
}
