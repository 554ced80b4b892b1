import { processBuckets, processCount, quantile, rate, sum } from '../metric.ts';
import type { Row } from '../panel.ts';

export const api: Row = {
  title: 'HTTP',
  panels: [
    {
      kind: 'curves',
      title: 'Requests by status',
      description:
        'Calls of the gates, of people and of probes. 5xx: the service could not answer, and consumers try again; those without a claim wait. Some 503 at a start are normal.',
      width: 12,
      unit: 'reqps',
      stacked: true,
      queries: [
        { expr: sum(rate(processCount('http_request_duration_seconds')), 'status'), legend: '{{status}}' },
      ],
    },
    {
      kind: 'curves',
      title: 'Time to answer, p99 by path',
      description:
        'Handlers of locked keys wait for admissions and outcomes. Claims may take as long as the service needs to read the retry topic to its end.',
      width: 12,
      unit: 's',
      queries: [
        {
          expr: quantile(0.99, rate(processBuckets('http_request_duration_seconds')), 'path'),
          legend: '{{path}}',
        },
      ],
    },
  ],
};
