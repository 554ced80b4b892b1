import type { AlertCase } from './alert-case.ts';

const restores = (count: string, fast: string): Record<string, string> => ({
  'state_restore_seconds_count{route="orders",instance="a"}': count,
  'state_restore_seconds_bucket{route="orders",instance="a",le="5"}': fast,
  'state_restore_seconds_bucket{route="orders",instance="a",le="+Inf"}': count,
});

const owned = (a: string, b: string): Record<string, string> => ({
  'shards_owned{route="orders",instance="a"}': a,
  'shards_owned{route="orders",instance="b"}': b,
  'route_partitions{route="orders",instance="a"}': '6x40',
  'route_partitions{route="orders",instance="b"}': '6x40',
});

const DAY = 86_400;

export const serviceCases: readonly AlertCase[] = [
  {
    alert: 'RetryServiceAbsent',
    when: 'nobody has ever seen one',
    series: { 'up{job="something-else"}': '1x200' },
    at: '10m',
    fires: [{ labels: {}, value: '1 replicas an hour ago, or never one' }],
  },
  {
    alert: 'RetryServiceAbsent',
    when: 'all of one namespace are gone',
    series: {
      'build_info{namespace="shop",instance="a",version="1"}': '1x70 stale _x50',
      'build_info{namespace="shop",instance="b",version="1"}': '1x70 stale _x50',
      'build_info{namespace="test",instance="c",version="1"}': '1x120',
    },
    at: '80m',
    fires: [{ labels: { namespace: 'shop' }, value: '2 replicas an hour ago, or never one' }],
  },
  {
    alert: 'RetryServiceAbsent',
    when: 'the only ones are gone, and have been for longer than an hour',
    series: { 'build_info{instance="a",version="1"}': '1x10 stale _x120' },
    at: '100m',
    fires: [{ labels: {}, value: '1 replicas an hour ago, or never one' }],
  },
  {
    alert: 'RetryServiceAbsent',
    when: 'one of two is gone, and the other has a new version',
    series: {
      'build_info{instance="a",version="1"}': '1x70 stale _x50',
      'build_info{instance="b",version="1"}': '1x70 stale _x50',
      'build_info{instance="b",version="2"}': '_x71 1x50',
    },
    at: '90m',
    fires: [],
  },
  {
    alert: 'RetryShardWithoutOwner',
    when: 'two replicas have not all of them',
    series: owned('3x40', '2x40'),
    at: '5m',
    fires: [{ labels: { route: 'orders' }, value: 'only 5 partitions have an owner' }],
  },
  {
    alert: 'RetryShardWithoutOwner',
    when: 'they move',
    series: owned('3 3 0 6x40', '3 3 0 stale'),
    at: '2m',
    fires: [],
  },
  {
    alert: 'RetryShardNotRestored',
    when: 'some are being restored for minutes',
    series: {
      'shards_restoring{route="orders",instance="a"}': '0x3 2x40',
      'shards_restoring{route="orders",instance="b"}': '0x3 1x40',
    },
    at: '8m',
    fires: [{ labels: { route: 'orders' }, value: '3 partitions' }],
  },
  {
    alert: 'RetryShardNotRestored',
    when: 'they are restored at once',
    series: { 'shards_restoring{route="orders",instance="a"}': '0x3 2 0x40' },
    at: '6m',
    fires: [],
  },
  {
    alert: 'RetryRestoreSlow',
    when: 'a new process was slow before anybody looked',
    series: restores('_x30 3x30', '_x30 2x30'),
    at: '32m',
    fires: [{ labels: { route: 'orders' }, value: '1 took longer than 5 s in the last 15 minutes' }],
  },
  {
    alert: 'RetryRestoreSlow',
    when: 'it was slow long ago',
    series: restores('_x10 3x60', '_x10 2x60'),
    at: '32m',
    fires: [],
  },
  {
    alert: 'RetryRestoreSlow',
    when: 'all were fast, and the process that was slow once started anew',
    series: restores('3x20 0 2x40', '2x20 0 2x40'),
    at: '25m',
    fires: [],
  },
  {
    alert: 'RetryRedisUnreachable',
    when: 'one of two replicas has lost it',
    series: { 'redis_up{instance="a"}': '1 1 0x20', 'redis_up{instance="b"}': '1x20' },
    at: '5m',
    fires: [{ labels: {}, value: '1 replicas without Redis' }],
  },
  {
    alert: 'RetryRedisUnreachable',
    when: 'it is away for a moment',
    series: { 'redis_up{instance="a"}': '1 1 0 1x20' },
    at: '2m',
    fires: [],
  },
  {
    alert: 'RetryReplicaFlapping',
    when: 'one of two starts every five minutes, and another service does so too',
    series: {
      'process_start_time_seconds{job="retries",instance="a"}': '1x5 2x5 3x5 4x5',
      'process_start_time_seconds{job="retries",instance="b"}': '1x40',
      'process_start_time_seconds{job="other",instance="a"}': '1x5 2x5 3x5 4x5',
      'build_info{job="retries",instance="a",version="1"}': '1x20 stale',
      'build_info{job="retries",instance="b",version="1"}': '1x40',
    },
    at: '22m',
    fires: [{ labels: { job: 'retries', instance: 'a' }, value: '3 starts in 30 minutes' }],
  },
  {
    alert: 'RetryReplicaFlapping',
    when: 'it was deployed once',
    series: {
      'process_start_time_seconds{job="retries",instance="a"}': '1x5 2x40',
      'build_info{job="retries",instance="a",version="1"}': '1x40',
    },
    at: '22m',
    fires: [],
  },
  {
    alert: 'RetryRebalanceStorm',
    when: 'partitions move twice a minute',
    series: {
      'rebalances_total{route="orders",instance="a"}': '0+2x40',
      'rebalances_total{route="orders",instance="b"}': '0+1x40',
    },
    at: '20m',
    fires: [{ labels: { route: 'orders' }, value: '30 changes in 15 minutes at one replica' }],
  },
  {
    alert: 'RetryRebalanceStorm',
    when: 'three replicas were deployed one after the other',
    series: {
      'rebalances_total{route="orders",instance="a"}': '1 3 5 7 9 11x40',
      'rebalances_total{route="orders",instance="b"}': '1 3 5 7 9 11x40',
    },
    at: '12m',
    fires: [],
  },
  {
    alert: 'RetryCertificateExpiring',
    when: 'one of two has ten days left',
    series: {
      'tls_certificate_expiry_seconds{instance="a",target="kafka broker-1:9093"}': `${10 * DAY}x40`,
      'tls_certificate_expiry_seconds{instance="b",target="kafka broker-1:9093"}': `${10 * DAY}x40`,
      'tls_certificate_expiry_seconds{instance="a",target="redis"}': `${15 * DAY}x40`,
    },
    at: '20m',
    fires: [{ labels: { target: 'kafka broker-1:9093' }, value: '10d 0h 0m 0s left' }],
  },
  {
    alert: 'RetryCertificateExpiring',
    when: 'it was replaced',
    series: { 'tls_certificate_expiry_seconds{target="redis"}': `${10 * DAY}x10 ${90 * DAY}x40` },
    at: '20m',
    fires: [],
  },
  {
    alert: 'RetryAuditFailures',
    when: 'one was not kept',
    series: {
      'audit_failures_total{route="orders",target="kafka"}': '0x10 1x60',
      'audit_failures_total{route="orders",target="redis"}': '0x70',
    },
    at: '60m',
    fires: [{ labels: { route: 'orders' }, value: '1 deeds in an hour' }],
  },
  {
    alert: 'RetryAuditFailures',
    when: 'all were kept',
    series: { 'audit_failures_total{route="orders",target="kafka"}': '0x70' },
    at: '60m',
    fires: [],
  },
];
