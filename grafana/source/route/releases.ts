import { buckets, count, ofRoute, quantile, rate, sum } from '../metric.ts';
import type { Row } from '../panel.ts';

const lateness = rate(buckets('release_lateness_seconds'));

export const releases: Row = {
  title: 'Releases',
  panels: [
    {
      kind: 'curves',
      title: 'Redelivered, and the limit',
      description:
        'Redeliveries a second that Kafka has acknowledged, and how many are allowed now. The limit starts low and doubles while it goes well. On the limit for long, with growing lateness: raise `redelivery.maxPerSecond`, if the dependency can take it.',
      runbook: 'RetryReleaseLate',
      width: 8,
      unit: 'ops',
      queries: [
        { expr: sum(rate(count('release_lateness_seconds'))), legend: 'redelivered' },
        { expr: sum(ofRoute('release_rate_limit')), legend: 'limit' },
      ],
    },
    {
      kind: 'curves',
      title: 'Lateness',
      description:
        'From the moment a retry was due to its acknowledgement by Kafka. Never early. Milliseconds are normal.',
      runbook: 'RetryReleaseLate',
      width: 8,
      unit: 's',
      queries: [
        { expr: quantile(0.5, lateness), legend: 'p50' },
        { expr: quantile(0.9, lateness), legend: 'p90' },
        { expr: quantile(0.99, lateness), legend: 'p99' },
      ],
    },
    {
      kind: 'heat',
      title: 'How lateness spreads',
      description:
        'Each column is a moment, each cell a range of lateness, its colour how many retries were in it. Two bands: some retries are held back, by the limit or by a slow partition.',
      runbook: 'RetryReleaseLate',
      width: 8,
      unit: 's',
      queries: [{ expr: sum(lateness, 'le'), legend: '{{le}}' }],
    },
    {
      kind: 'heat',
      title: 'Which attempt',
      description:
        'Which attempt of its message each redelivery is for. 1: it only waited behind another one. Many at high numbers: the same messages fail again and again.',
      width: 8,
      unit: 'short',
      queries: [{ expr: sum(rate(buckets('redelivery_attempt')), 'le'), legend: '{{le}}' }],
    },
  ],
};
