import { expect, test } from '@jest/globals';
import { groupHash, packRow } from '../../../src/dead-letters/index-row.ts';
import { readDeadLetter } from '../../../src/dead-letters/dead-letter.ts';

test('a row begins with what scripts look at', () => {
  const letter = readDeadLetter({
    ...{ topic: 'dlq', partition: 0, offset: 7, timestamp: 1_000, key: null, value: null, headers: [] },
  });
  const row = packRow(letter, 'main');
  expect([row.readUIntBE(0, 6), row.readUIntBE(6, 6)]).toEqual([7, 1_000]);
  // No key; the group; nothing by which it could be told as a copy.
  expect(row.subarray(12, 20)).toEqual(Buffer.alloc(8));
  expect(row.subarray(20, 28)).toEqual(groupHash('unknown', ''));
  expect(row.subarray(28, 36)).toEqual(Buffer.alloc(8));
});
