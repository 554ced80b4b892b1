import type { AlertCase } from './alert-case.ts';

export const deadLetterCases: readonly AlertCase[] = [
  {
    alert: 'RetryDeadLettersOpen',
    when: 'some are open, and the shard that counts them went to another replica',
    series: {
      'dead_letter_depth{route="orders",instance="a"}': '3x9 0x30',
      'dead_letter_depth{route="orders",instance="b"}': '0x10 3x30',
      'dead_letter_depth{route="payments",instance="a"}': '0x40',
    },
    at: '20m',
    fires: [{ labels: { route: 'orders' }, value: '3 open dead letters' }],
  },
  {
    alert: 'RetryDeadLettersOpen',
    when: 'they were dealt with',
    series: { 'dead_letter_depth{route="orders"}': '3x20 0x20' },
    at: '25m',
    fires: [],
  },
  {
    alert: 'RetryDeadLetterBurst',
    when: 'many messages are given up, by all replicas together',
    series: {
      'dead_letters_total{route="orders",instance="a",reason="exhausted"}': '0+4x30',
      'dead_letters_total{route="orders",instance="b",reason="fatal"}': '0+4x30',
    },
    at: '15m',
    fires: [{ labels: { route: 'orders' }, value: '80 dead letters in 10 minutes' }],
  },
  {
    alert: 'RetryDeadLetterBurst',
    when: 'an operator gives them up, and a few others go',
    series: {
      'dead_letters_total{route="orders",reason="operator"}': '0+100x30',
      'dead_letters_total{route="orders",reason="exhausted"}': '0+5x30',
    },
    at: '15m',
    fires: [],
  },
  {
    alert: 'RetryPayloadsLost',
    when: 'retention took messages',
    series: { 'payloads_lost_total{route="orders"}': '0x10 2x60' },
    at: '60m',
    fires: [{ labels: { route: 'orders' }, value: '2 messages in an hour' }],
  },
  {
    alert: 'RetryPayloadsLost',
    when: 'it did so more than an hour ago',
    series: { 'payloads_lost_total{route="orders"}': '0x10 2x100' },
    at: '75m',
    fires: [],
  },
];
