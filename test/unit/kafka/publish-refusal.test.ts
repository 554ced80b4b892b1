import { expect, test } from '@jest/globals';
import { refusalOf } from '../../../src/kafka/publish-refusal.ts';

test.each([
  [10, 'message too large', { kind: 'too-large' }],
  [18, 'record list too large', { kind: 'too-large' }],
  [29, 'topic authorization failed', { kind: 'refused', withOthers: false }],
  [32, 'invalid timestamp', { kind: 'refused', withOthers: true }],
  [87, 'invalid record', { kind: 'refused', withOthers: true }],
  [-138, 'another record of the batch', { kind: 'refused', withOthers: true }],
  [-184, 'queue full', { kind: 'unknown' }],
  [-192, 'message timed out', { kind: 'unknown' }],
  [-190, 'unknown partition', { kind: 'unknown' }],
  [3, 'unknown topic or partition', { kind: 'unknown' }],
  [19, 'not enough replicas', { kind: 'unknown' }],
  [-1, 'unknown server error', { kind: 'unknown' }],
])('%d, %s', (code, message, expected) => {
  expect(refusalOf(Object.assign(new Error(message), { code }))).toMatchObject(expected);
});

test('an error without a code says nothing about its record', () => {
  expect(refusalOf(new TypeError('?'))).toMatchObject({ kind: 'unknown' });
});
