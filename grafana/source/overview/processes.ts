import { max, ofRoute, ofRuntime, ours, rate, sum } from '../metric.ts';
import type { Row } from '../panel.ts';

export const processes: Row = {
  title: 'Replicas',
  panels: [
    {
      kind: 'table',
      title: 'Replicas',
      description:
        'Each process of the service. A replica without shards is idle, or not in its group. One that was started again and again flaps.',
      runbook: 'RetryReplicaFlapping',
      width: 12,
      by: [{ label: 'instance', title: 'Replica' }],
      columns: [
        { title: 'Shards', expr: sum(ofRoute('shards_owned'), 'instance'), unit: 'short' },
        {
          title: 'Up for',
          expr: max(ours(`time() - ${ofRuntime('process_start_time_seconds')}`), 'instance'),
          unit: 's',
        },
        {
          title: 'Memory',
          expr: max(ours(ofRuntime('process_resident_memory_bytes')), 'instance'),
          unit: 'bytes',
        },
        {
          title: 'Processor',
          expr: max(ours(rate(ofRuntime('process_cpu_seconds_total'))), 'instance'),
          unit: 'percentunit',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Rebalances',
      description:
        'Changes in which replica owns which shard. A few after a deployment are normal; a steady stream means that a replica comes and goes, or is too slow to poll.',
      runbook: 'RetryReplicaFlapping',
      width: 12,
      unit: 'short',
      queries: [
        { expr: sum(`increase(${ofRoute('rebalances_total')}[5m])`, 'instance'), legend: '{{instance}}' },
      ],
    },
  ],
};
