import type { AlertCase } from './alert-case.ts';

const both = (a: string, b: string): Record<string, string> => ({
  'backpressure_state{route="orders",instance="a"}': a,
  'backpressure_state{route="orders",instance="b"}': b,
});

const behind = (backpressure: string): Record<string, string> => ({
  ...both('0x40', backpressure),
  'ingest_lag_messages{route="orders",instance="a",partition="0"}': '6000x40',
  'ingest_lag_messages{route="orders",instance="b",partition="1"}': '6000x40',
  'cursor_drift_seconds{route="orders",instance="a"}': '0x40',
  'cursor_drift_seconds{route="orders",instance="b"}': '45x40',
});

export const readingCases: readonly AlertCase[] = [
  {
    alert: 'RetryReadingStopped',
    when: 'one replica reads no further',
    series: both('2x20', '0x20'),
    at: '5m',
    fires: [{ labels: { route: 'orders' }, value: 'backpressure state 2' }],
  },
  {
    alert: 'RetryReadingStopped',
    when: 'payloads are left out, no more',
    series: both('1x20', '1x20'),
    at: '5m',
    fires: [],
  },
  {
    alert: 'RetryPayloadsLeftOut',
    when: 'payloads are left out for long',
    series: both('1x40', '0x40'),
    at: '20m',
    fires: [{ labels: { route: 'orders' }, value: 'backpressure state 1' }],
  },
  {
    alert: 'RetryPayloadsLeftOut',
    when: 'it is worse: another alert says so',
    series: both('1x40', '2x40'),
    at: '20m',
    fires: [],
  },
  {
    alert: 'RetryIngestLag',
    when: 'the partitions of all replicas together are far behind',
    series: behind('1x40'),
    at: '10m',
    fires: [{ labels: { route: 'orders' }, value: '12k records not read' }],
  },
  { alert: 'RetryIngestLag', when: 'reading has stopped', series: behind('2x40'), at: '10m', fires: [] },
  {
    alert: 'RetryIngestLag',
    when: 'it is behind for a moment',
    series: { 'ingest_lag_messages{route="orders",partition="0"}': '0x5 20000 0x20' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'RetryCursorDrift',
    when: 'a record has waited for longer than 30 s',
    series: behind('0x40'),
    at: '5m',
    fires: [{ labels: { route: 'orders' }, value: 'the oldest for 45s' }],
  },
  {
    alert: 'RetryCursorDrift',
    when: 'records wait less than 30 s',
    series: { 'cursor_drift_seconds{route="orders"}': '29x20' },
    at: '5m',
    fires: [],
  },
  { alert: 'RetryCursorDrift', when: 'reading has stopped', series: behind('2x40'), at: '5m', fires: [] },
];
