import { buckets, quantile, rate } from '../metric.ts';
import type { Row } from '../panel.ts';

export const servers: Row = {
  title: 'Kafka and Redis',
  panels: [
    {
      kind: 'curves',
      title: 'Redis scripts, p99',
      description:
        'How long Redis takes to answer each script. Around a millisecond is normal. All of them slow: Redis or the way to it. One of them: many messages of one key, or a large claim.',
      width: 12,
      unit: 's',
      queries: [
        { expr: quantile(0.99, rate(buckets('redis_script_seconds')), 'script'), legend: '{{script}}' },
      ],
    },
  ],
};
