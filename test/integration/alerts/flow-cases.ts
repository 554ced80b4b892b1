import type { AlertCase } from './alert-case.ts';

/** Samples of a histogram of lateness of which `late` of 100 retries a minute come between 10 and 30 s late. */
const lateness = (late: number): Record<string, string> => ({
  'release_lateness_seconds_bucket{route="orders",instance="a",le="0.1"}': `0+${100 - late}x60`,
  'release_lateness_seconds_bucket{route="orders",instance="a",le="10"}': `0+${100 - late}x60`,
  'release_lateness_seconds_bucket{route="orders",instance="a",le="30"}': '0+100x60',
  'release_lateness_seconds_bucket{route="orders",instance="a",le="+Inf"}': '0+100x60',
});

export const flowCases: readonly AlertCase[] = [
  {
    alert: 'RetryNothingProcessed',
    when: 'messages fail, and nothing is retried',
    series: {
      'redirected_total{route="orders",instance="a",reason="failed"}': '0+10x30',
      'redirected_total{route="orders",instance="a",reason="behind"}': '0+10x30',
      'retries_processed_total{route="orders",instance="a",result="succeeded"}': '7x30',
      'retries_processed_total{route="orders",instance="b",result="failed"}': '0x30',
    },
    at: '25m',
    fires: [{ labels: { route: 'orders' }, value: '200 messages in 10 minutes, no outcome' }],
  },
  {
    alert: 'RetryNothingProcessed',
    when: 'another replica than the one that reads hears of outcomes, all of them failures',
    series: {
      'redirected_total{route="orders",instance="a",reason="failed"}': '0+20x30',
      'retries_processed_total{route="orders",instance="a",result="succeeded"}': '0x30',
      'retries_processed_total{route="orders",instance="b",result="failed"}': '0+1x30',
    },
    at: '25m',
    fires: [],
  },
  {
    alert: 'RetryReleaseLate',
    when: 'five of a hundred come late',
    series: lateness(5),
    at: '30m',
    fires: [{ labels: { route: 'orders' }, value: 'p99 26s late' }],
  },
  { alert: 'RetryReleaseLate', when: 'nearly all come in time', series: lateness(0), at: '30m', fires: [] },
  {
    alert: 'RetryReleaseLate',
    when: 'nothing is due',
    series: { 'release_lateness_seconds_bucket{route="orders",le="+Inf"}': '0x60' },
    at: '30m',
    fires: [],
  },
  {
    alert: 'RetryRoutePaused',
    when: 'no replica releases anything, and messages wait',
    series: {
      'release_rate_limit{route="orders",instance="a"}': '0x60',
      'release_rate_limit{route="orders",instance="b"}': '0x60',
      'held_messages{route="orders",instance="a"}': '0x60',
      'held_messages{route="orders",instance="b"}': '4x60',
    },
    at: '40m',
    fires: [{ labels: { route: 'orders' }, value: 'released per second at most: 0' }],
  },
  {
    alert: 'RetryRoutePaused',
    when: 'one replica owns no shard, or nothing waits',
    series: {
      'release_rate_limit{route="orders",instance="a"}': '0x60',
      'release_rate_limit{route="orders",instance="b"}': '500x60',
      'held_messages{route="orders",instance="b"}': '4x60',
      'release_rate_limit{route="payments",instance="a"}': '0x60',
      'held_messages{route="payments",instance="a"}': '0x60',
    },
    at: '40m',
    fires: [],
  },
  {
    alert: 'RetryBreakerOpen',
    when: 'it is half-open for a moment',
    series: {
      'breaker_state{route="orders",instance="a"}': '0 2 2 1 2x20',
      'breaker_state{route="orders",instance="b"}': '0 2 2 1 2x20',
    },
    at: '4m',
    fires: [{ labels: { route: 'orders' }, value: 'state 2 (1 half-open, 2 open)' }],
  },
  {
    alert: 'RetryBreakerOpen',
    when: 'it closed after a minute',
    series: { 'breaker_state{route="orders",instance="a"}': '0 2 2 0x20' },
    at: '4m',
    fires: [],
  },
];
