import { type AlertGroup, MINUTE } from './alert.ts';
import type { Limits } from './limits.ts';
import { perRoute } from './installation.ts';

/** Keys that are locked, and stay so. */
export function keyAlerts({ locksGrowth, oldestLockSeconds }: Limits): AlertGroup {
  return {
    name: 'retry-orchestrator.keys',
    alerts: [
      {
        name: 'RetryLocksGrowing',
        severity: 'page',
        // Any replica locks and unlocks keys; `increase` comes before the sum, so that a restart does not count as a fall.
        expr: `sum ${perRoute} (increase(retry_orchestrator_locks_acquired_total[5m]))
  - sum ${perRoute} (increase(retry_orchestrator_locks_released_total[5m]))
  > ${locksGrowth}`,
        holds: 10 * MINUTE,
        summary: 'Keys of route {{ $labels.route }} are locked faster than they are unlocked.',
        value: '{{ $value | humanize }} keys more in 5 minutes',
      },
      {
        name: 'RetryLockOld',
        severity: 'ticket',
        expr: `max ${perRoute} (retry_orchestrator_oldest_lock_age_seconds) > ${oldestLockSeconds}`,
        holds: 5 * MINUTE,
        summary: 'A key of route {{ $labels.route }} has been locked for very long.',
        value: 'locked for {{ $value | humanizeDuration }}',
      },
      {
        name: 'RetryZombiesReaped',
        severity: 'ticket',
        expr: `sum ${perRoute} (increase(retry_orchestrator_zombies_reaped_total[1h])) > 0`,
        holds: 0,
        summary:
          'Messages of route {{ $labels.route }} were announced as failed, and never came: nothing will retry them.',
        value: '{{ $value | humanize }} messages in an hour',
      },
    ],
  };
}
