import { type AlertGroup, MINUTE } from './alert.ts';
import type { Limits } from './limits.ts';
import { perRoute } from './installation.ts';

/** The service reads the retry topic into Redis. */
export function readingAlerts({ ingestLagMessages, cursorDriftSeconds }: Limits): AlertGroup {
  const backpressure = `max ${perRoute} (retry_orchestrator_backpressure_state)`;
  return {
    name: 'retry-orchestrator.reading',
    alerts: [
      {
        name: 'RetryReadingStopped',
        severity: 'page',
        expr: `${backpressure} == 2`,
        holds: 2 * MINUTE,
        summary: 'Redis is full: the retry topic of route {{ $labels.route }} is read no further.',
        value: 'backpressure state {{ $value }}',
      },
      {
        name: 'RetryPayloadsLeftOut',
        severity: 'ticket',
        expr: `${backpressure} == 1`,
        holds: 15 * MINUTE,
        summary:
          'Redis fills up: new messages of route {{ $labels.route }} stay in Kafka, and are read again when they are due.',
        value: 'backpressure state {{ $value }}',
      },
      {
        name: 'RetryIngestLag',
        severity: 'ticket',
        // Where reading has stopped, RetryReadingStopped says why.
        expr: `sum ${perRoute} (retry_orchestrator_ingest_lag_messages) > ${ingestLagMessages}
  unless ${backpressure} == 2`,
        holds: 5 * MINUTE,
        summary: 'The service is far behind on the retry topic of route {{ $labels.route }}.',
        value: '{{ $value | humanize }} records not read',
      },
      {
        name: 'RetryCursorDrift',
        severity: 'page',
        expr: `max ${perRoute} (retry_orchestrator_cursor_drift_seconds) > ${cursorDriftSeconds}
  unless ${backpressure} == 2`,
        holds: 2 * MINUTE,
        summary: 'Failures of route {{ $labels.route }} wait in the retry topic without being read.',
        value: 'the oldest for {{ $value | humanizeDuration }}',
      },
    ],
  };
}
