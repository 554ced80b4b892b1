import { expect, test } from '@jest/globals';
import { afterRefusal } from '../../../src/redelivery/refusal.ts';

test.each([
  ['unknown', null, 'again'],
  ['too-large', null, 'undeliverable'],
  ['refused', null, 'count'],
  ['unknown', { bareable: true }, 'again'],
  ['too-large', { bareable: true }, 'bare'],
  ['too-large', { bareable: false }, 'wait'],
  ['refused', { bareable: true }, 'wait'],
  ['refused', { bareable: false }, 'wait'],
] as const)('%s, dead letter %j: %s', (kind, letter, then) => {
  expect(afterRefusal(kind, letter)).toBe(then);
});
