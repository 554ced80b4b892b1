import { expect, test } from '@jest/globals';
import { timeOf } from '../../../src/http/times.ts';

const NOW = Date.parse('2026-11-21T18:00:00Z');

test.each([
  ['a time', '2026-11-21T17:00:00Z', NOW - 3_600_000],
  ['how long ago', '24h', NOW - 86_400_000],
  ['longer ago than there is time', '999999d', 0],
  ['epoch ms', String(NOW - 5), NOW - 5],
])('%s', (_what, text, time) => {
  expect(timeOf(text, NOW, 'from')).toBe(time);
});

test.each(['', 'yesterday', '24', '-1h', '2026-13-40'])('is refused by the name of its field: %j', (text) => {
  expect(() => timeOf(text, NOW, 'from')).toThrow(/^from is neither/);
});
