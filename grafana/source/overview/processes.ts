import { max, ofProcess, ofRoute, ofRuntime, ours, processBuckets, quantile, rate, sum } from '../metric.ts';
import { REACHED } from '../meanings.ts';
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
      width: 24,
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
        {
          title: 'Event loop, p99',
          expr: quantile(0.99, rate(processBuckets('event_loop_lag_seconds')), 'instance'),
          unit: 's',
        },
        { title: 'Redis', expr: max(ofProcess('redis_up'), 'instance'), unit: 'none', meanings: REACHED },
      ],
    },
    {
      kind: 'curves',
      title: 'Event loop lag, p99',
      description:
        'For how long a replica could do nothing else. Tens of milliseconds are normal; above a second for long it answers too slowly, and may lose its shards.',
      width: 8,
      unit: 's',
      queries: [
        {
          expr: quantile(0.99, rate(processBuckets('event_loop_lag_seconds')), 'instance'),
          legend: '{{instance}}',
        },
      ],
    },
    {
      kind: 'curves',
      title: 'Versions',
      description: 'How many replicas run which version. Two for long: a deployment got stuck.',
      width: 8,
      unit: 'short',
      stacked: true,
      queries: [{ expr: sum(ofProcess('build_info'), 'version'), legend: '{{version}}' }],
    },
    {
      kind: 'curves',
      title: 'Rebalances',
      description:
        'Changes in which replica owns which shard. A few after a deployment are normal; a steady stream means that a replica comes and goes, or is too slow to poll.',
      runbook: 'RetryReplicaFlapping',
      width: 8,
      unit: 'short',
      queries: [
        { expr: sum(`increase(${ofRoute('rebalances_total')}[5m])`, 'instance'), legend: '{{instance}}' },
      ],
    },
  ],
};
