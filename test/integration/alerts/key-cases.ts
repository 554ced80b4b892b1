import type { AlertCase } from './alert-case.ts';

export const keyCases: readonly AlertCase[] = [
  {
    alert: 'RetryLocksGrowing',
    when: 'more keys are locked than unlocked, over all replicas',
    series: {
      'locks_acquired_total{route="orders",instance="a"}': '0+6x40',
      'locks_acquired_total{route="orders",instance="b"}': '0+6x40',
      'locks_released_total{route="orders",instance="a",reason="succeeded"}': '0+4x40',
      'locks_released_total{route="orders",instance="a",reason="discarded"}': '0+1x40',
      'locks_released_total{route="orders",instance="b",reason="succeeded"}': '0+4x40',
    },
    at: '20m',
    fires: [{ labels: { route: 'orders' }, value: '15 keys more in 5 minutes' }],
  },
  {
    alert: 'RetryLocksGrowing',
    when: 'one replica locks what the other unlocks, and the other starts anew',
    series: {
      'locks_acquired_total{route="orders",instance="a"}': '0+100x40',
      'locks_released_total{route="orders",instance="a",reason="succeeded"}': '0x40',
      'locks_acquired_total{route="orders",instance="b"}': '0x40',
      'locks_released_total{route="orders",instance="b",reason="succeeded"}': '0+100x14 0+100x25',
    },
    at: '30m',
    fires: [],
  },
  {
    alert: 'RetryLocksGrowing',
    when: 'one replica locks what the other unlocks, and the other is killed: what it had counted is gone',
    series: {
      'locks_acquired_total{route="orders",instance="a"}': '0+100x40',
      'locks_released_total{route="orders",instance="a",reason="succeeded"}': '0x40',
      'locks_released_total{route="orders",instance="b",reason="succeeded"}': '0+100x14 _x25',
      'locks_released_total{route="orders",instance="c",reason="succeeded"}': '_x14 100+100x25',
    },
    at: '26m',
    fires: [],
  },
  {
    alert: 'RetryLocksGrowing',
    when: 'a few hundred keys fail at once, and are locked for a while',
    series: {
      'locks_acquired_total{route="orders"}': '0x9 500x30',
      'locks_released_total{route="orders",reason="succeeded"}': '0x40',
    },
    at: '14m',
    fires: [],
  },
  {
    alert: 'RetryLocksGrowing',
    when: 'the same route grows in one of two namespaces',
    series: {
      'locks_acquired_total{route="orders",namespace="shop"}': '0+10x40',
      'locks_released_total{route="orders",namespace="shop",reason="succeeded"}': '0+5x40',
      'locks_acquired_total{route="orders",namespace="test"}': '0+10x40',
      'locks_released_total{route="orders",namespace="test",reason="succeeded"}': '0+20x40',
    },
    at: '20m',
    fires: [{ labels: { route: 'orders', namespace: 'shop' }, value: '25 keys more in 5 minutes' }],
  },
  {
    alert: 'RetryLockOld',
    when: 'the oldest lock of any replica is older than an hour',
    series: {
      'oldest_lock_age_seconds{route="orders",instance="a"}': '0x40',
      'oldest_lock_age_seconds{route="orders",instance="b"}': '3700x40',
      'oldest_lock_age_seconds{route="payments",instance="a"}': '60x40',
    },
    at: '10m',
    fires: [{ labels: { route: 'orders' }, value: 'locked for 1h 1m 40s' }],
  },
  {
    alert: 'RetryLockOld',
    when: 'locks of two replicas are old only together',
    series: {
      'oldest_lock_age_seconds{route="orders",instance="a"}': '3000x40',
      'oldest_lock_age_seconds{route="orders",instance="b"}': '3000x40',
    },
    at: '10m',
    fires: [],
  },
  {
    alert: 'RetryZombiesReaped',
    when: 'one was reaped half an hour ago',
    series: { 'zombies_reaped_total{route="orders"}': '0x60 1x30' },
    at: '90m',
    fires: [{ labels: { route: 'orders' }, value: '1 messages in an hour' }],
  },
  {
    alert: 'RetryZombiesReaped',
    when: 'one was reaped long ago, and the process that counted it started anew',
    series: { 'zombies_reaped_total{route="orders"}': '1x60 0x90' },
    at: '90m',
    fires: [],
  },
];
