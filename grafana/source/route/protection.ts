import { BACKPRESSURE, BREAKER } from '../meanings.ts';
import { max, ofRoute, sum } from '../metric.ts';
import type { Row } from '../panel.ts';

export const protection: Row = {
  title: 'Protection',
  panels: [
    {
      kind: 'states',
      title: 'Circuit breaker',
      description:
        'When it was open, new failures stopped their partitions, and only probes were redelivered. Long red bands: the dependency is down.',
      runbook: 'RetryBreakerOpen',
      width: 8,
      unit: 'none',
      queries: [{ expr: max(ofRoute('breaker_state')), legend: 'breaker' }],
      meanings: BREAKER,
    },
    {
      kind: 'states',
      title: 'Backpressure',
      description:
        'When Redis had no room for all. Values in Kafka cost a second read; while reading is stopped, new failures wait in the retry topic, and consumers ask about every key.',
      runbook: 'RetryReadingStopped',
      width: 8,
      unit: 'none',
      queries: [{ expr: max(ofRoute('backpressure_state')), legend: 'backpressure' }],
      meanings: BACKPRESSURE,
    },
    {
      kind: 'curves',
      title: 'Held bytes',
      description: 'Payloads in Redis. At `limits.heldBytes` of the route, backpressure begins.',
      runbook: 'RetryReadingStopped',
      width: 8,
      unit: 'bytes',
      queries: [{ expr: sum(ofRoute('held_bytes')), legend: 'held' }],
    },
  ],
};
