import { type AlertGroup, MINUTE } from './alert.ts';
import type { Limits } from './limits.ts';
import { perRoute } from './installation.ts';

/** Retries on their way to the consumers. */
export function flowAlerts({ redirectedAlone, latenessSeconds }: Limits): AlertGroup {
  return {
    name: 'retry-orchestrator.flow',
    alerts: [
      {
        name: 'RetryNothingProcessed',
        severity: 'page',
        expr: `sum ${perRoute} (increase(retry_orchestrator_redirected_total[10m])) > ${redirectedAlone}
  and sum ${perRoute} (increase(retry_orchestrator_retries_processed_total[10m])) == 0`,
        holds: 5 * MINUTE,
        summary: 'Messages of route {{ $labels.route }} go to the retry topic, and none is retried.',
        value: '{{ $value | humanize }} messages in 10 minutes, no outcome',
      },
      {
        name: 'RetryReleaseLate',
        severity: 'ticket',
        expr: `histogram_quantile(0.99, sum ${perRoute.replace(')', ', le)')} (rate(retry_orchestrator_release_lateness_seconds_bucket[10m])))
  > ${latenessSeconds}`,
        holds: 15 * MINUTE,
        summary: 'Retries of route {{ $labels.route }} come much later than they are due.',
        value: 'p99 {{ $value | humanizeDuration }} late',
      },
      {
        name: 'RetryRoutePaused',
        severity: 'ticket',
        expr: `sum ${perRoute} (retry_orchestrator_release_rate_limit) == 0
  and sum ${perRoute} (retry_orchestrator_held_messages) > 0`,
        holds: 30 * MINUTE,
        summary:
          'Route {{ $labels.route }} releases nothing, and messages wait: it is paused, or a topic forbids it.',
        value: 'released per second at most: {{ $value }}',
      },
      {
        name: 'RetryBreakerOpen',
        severity: 'page',
        // Half-open as well: it goes to and fro while the cause lasts.
        expr: `max ${perRoute} (retry_orchestrator_breaker_state) > 0`,
        holds: 2 * MINUTE,
        summary:
          'The circuit breaker of route {{ $labels.route }} is open: consumers stand still where messages fail.',
        value: 'state {{ $value }} (1 half-open, 2 open)',
      },
    ],
  };
}
