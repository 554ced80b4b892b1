import { BACKPRESSURE, BREAKER } from '../meanings.ts';
import { count, max, ofRoute, rate, sum } from '../metric.ts';
import type { Row } from '../panel.ts';

export const routes: Row = {
  title: 'Routes',
  panels: [
    {
      kind: 'table',
      title: 'Routes',
      description:
        'The present state of each route. Breaker open: new failures stop their partitions until the dependency answers again. Not read yet: records of the retry topic that the service does not know yet; it should be near 0.',
      width: 24,
      by: [{ label: 'route', title: 'Route' }],
      columns: [
        { title: 'Locked keys', expr: sum(ofRoute('locks_held'), 'route'), unit: 'short' },
        { title: 'Oldest lock', expr: max(ofRoute('oldest_lock_age_seconds'), 'route'), unit: 's' },
        { title: 'Held messages', expr: sum(ofRoute('held_messages'), 'route'), unit: 'short' },
        { title: 'Held bytes', expr: sum(ofRoute('held_bytes'), 'route'), unit: 'bytes' },
        { title: 'In flight', expr: sum(ofRoute('in_flight_messages'), 'route'), unit: 'short' },
        {
          title: 'Redelivered',
          expr: sum(rate(count('release_lateness_seconds')), 'route'),
          unit: 'ops',
        },
        { title: 'Open dead letters', expr: sum(ofRoute('dead_letter_depth'), 'route'), unit: 'short' },
        { title: 'Not read yet', expr: sum(ofRoute('ingest_lag_messages'), 'route'), unit: 'short' },
        {
          title: 'Breaker',
          expr: max(ofRoute('breaker_state'), 'route'),
          unit: 'none',
          meanings: BREAKER,
        },
        {
          title: 'Backpressure',
          expr: max(ofRoute('backpressure_state'), 'route'),
          unit: 'none',
          meanings: BACKPRESSURE,
        },
      ],
    },
  ],
};
