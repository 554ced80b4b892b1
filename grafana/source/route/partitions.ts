import { max, ofRoute, sum } from '../metric.ts';
import type { Row } from '../panel.ts';

export const partitions: Row = {
  title: 'Partitions',
  panels: [
    {
      kind: 'curves',
      title: 'Retry topic: not read yet',
      description:
        'Records of each retry partition that the service does not know yet. Near 0 is well. One partition alone: its owner is stuck, or it has a hot key.',
      runbook: 'RetryIngestLag',
      width: 8,
      unit: 'short',
      queries: [
        { expr: max(ofRoute('ingest_lag_messages'), 'partition'), legend: 'partition {{partition}}' },
      ],
    },
    {
      kind: 'curves',
      title: 'Main topic: not committed yet',
      description:
        'The lag of the consumers, by partition. One partition alone: a hot key, a slow handler, or a consumer that hangs. All: the breaker is open, or there are too few consumers.',
      width: 8,
      unit: 'short',
      queries: [
        { expr: max(ofRoute('consumer_lag_messages'), 'partition'), legend: 'partition {{partition}}' },
      ],
    },
    {
      kind: 'curves',
      title: 'Shards by replica',
      description:
        'Who owns how many shards. The sum is the number of partitions; less: a shard has no owner, and its keys wait.',
      runbook: 'RetryShardWithoutOwner',
      width: 8,
      unit: 'short',
      stacked: true,
      queries: [
        { expr: sum(ofRoute('shards_owned'), 'instance'), legend: '{{instance}}' },
        {
          expr: `${max(ofRoute('route_partitions'))} - ${sum(ofRoute('shards_owned'))}`,
          legend: 'without an owner',
        },
      ],
    },
  ],
};
