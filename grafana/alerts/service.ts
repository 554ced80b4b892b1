import { type AlertGroup, HOUR, MINUTE } from './alert.ts';
import type { Limits } from './limits.ts';
import { ofReplica, perInstallation, perRoute, perTarget } from './installation.ts';

const DAY = 24 * HOUR;

/** The replicas, and what they stand on. */
export function serviceAlerts(limits: Limits): AlertGroup {
  const { restoreSeconds, restarts, rebalances, certificateDays } = limits;
  const slowRestores = (offset = ''): string => `(
      retry_orchestrator_state_restore_seconds_count${offset}
      - ignoring (le) retry_orchestrator_state_restore_seconds_bucket{le="${restoreSeconds}"}${offset}
    )`;
  const present = `count ${perInstallation} (retry_orchestrator_build_info)`;
  return {
    name: 'retry-orchestrator.service',
    alerts: [
      {
        name: 'RetryServiceAbsent',
        severity: 'page',
        // An installation that was there an hour ago; or, where nobody knows of any, none at all.
        expr: `count ${perInstallation} (retry_orchestrator_build_info offset 1h) unless ${present}
  or (absent(retry_orchestrator_build_info) unless on () (retry_orchestrator_build_info offset 1h))`,
        holds: 5 * MINUTE,
        summary: 'No replica of the retry orchestrator answers Prometheus.',
        value: '{{ $value }} replicas an hour ago, or never one',
      },
      {
        name: 'RetryShardWithoutOwner',
        severity: 'page',
        expr: `sum ${perRoute} (retry_orchestrator_shards_owned)
  < max ${perRoute} (retry_orchestrator_route_partitions)`,
        holds: 2 * MINUTE,
        summary: 'Partitions of route {{ $labels.route }} belong to no replica: nothing of them is retried.',
        value: 'only {{ $value }} partitions have an owner',
      },
      {
        name: 'RetryShardNotRestored',
        severity: 'page',
        expr: `sum ${perRoute} (retry_orchestrator_shards_restoring) > 0`,
        holds: 2 * MINUTE,
        summary: 'Partitions of route {{ $labels.route }} are not restored: their consumers wait.',
        value: '{{ $value }} partitions',
      },
      {
        name: 'RetryRestoreSlow',
        severity: 'ticket',
        // A restore often ends before the first scrape of its process: what was not there counts as 0, as no `increase` does.
        expr: `sum ${perRoute} (clamp_min(
    ${slowRestores()}
    - (${slowRestores(' offset 15m')} or ${slowRestores()} * 0),
    0
  )) > 0`,
        holds: 0,
        summary:
          'Partitions of route {{ $labels.route }} took nearly as long to be restored as a session may be silent.',
        value: `{{ $value | humanize }} took longer than ${restoreSeconds} s in the last 15 minutes`,
      },
      {
        name: 'RetryRedisUnreachable',
        severity: 'page',
        expr: `count ${perInstallation} (retry_orchestrator_redis_up == 0) > 0`,
        holds: MINUTE,
        summary: 'Redis does not answer the retry orchestrator.',
        value: '{{ $value }} replicas without Redis',
      },
      {
        name: 'RetryReplicaFlapping',
        severity: 'ticket',
        expr: `changes(process_start_time_seconds[30m]) >= ${restarts}
  and on ${ofReplica} max_over_time(retry_orchestrator_build_info[30m])`,
        holds: 0,
        summary: 'Replica {{ $labels.instance }} starts again and again.',
        value: '{{ $value }} starts in 30 minutes',
      },
      {
        name: 'RetryRebalanceStorm',
        severity: 'ticket',
        expr: `max ${perRoute} (increase(retry_orchestrator_rebalances_total[15m])) > ${rebalances}`,
        holds: 0,
        summary: 'The partitions of route {{ $labels.route }} move between replicas all the time.',
        value: '{{ $value | humanize }} changes in 15 minutes at one replica',
      },
      {
        name: 'RetryCertificateExpiring',
        severity: 'ticket',
        expr: `min ${perTarget} (retry_orchestrator_tls_certificate_expiry_seconds) < ${certificateDays * DAY}`,
        holds: 15 * MINUTE,
        summary: 'The TLS certificate of {{ $labels.target }} expires soon: then nothing is read or written.',
        value: '{{ $value | humanizeDuration }} left',
      },
      {
        name: 'RetryAuditFailures',
        severity: 'ticket',
        expr: `sum ${perRoute} (increase(retry_orchestrator_audit_failures_total[1h])) > 0`,
        holds: 0,
        summary: 'What operators did to route {{ $labels.route }} could not be kept in the audit trail.',
        value: '{{ $value | humanize }} deeds in an hour',
      },
    ],
  };
}
