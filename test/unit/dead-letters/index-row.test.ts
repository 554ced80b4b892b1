import { expect, test } from '@jest/globals';
import { groupHash, idOf, packRow, readRow } from '../../../src/dead-letters/index-row.ts';
import { readDeadLetter } from '../../../src/dead-letters/dead-letter.ts';

test('a row begins with what scripts look at', () => {
  const record = {
    topic: 'dlq',
    partition: 0,
    offset: 7,
    timestamp: 1_000,
    key: null,
    value: null,
    headers: [],
  };
  const letter = readDeadLetter(record, 'orders')!;
  const row = packRow(letter, 'main');
  expect([row.toString('latin1', 0, 1), row.readUIntBE(1, 6)]).toEqual(['o', 1_000]);
  // No key; the group; nothing by which it could be told as a copy; not settled.
  expect(row.subarray(7, 15)).toEqual(Buffer.alloc(8));
  expect(row.subarray(15, 23)).toEqual(groupHash('unknown', ''));
  expect(row.subarray(23, 38)).toEqual(Buffer.alloc(15));
});

test('a row is read as it was packed', () => {
  const key = Buffer.alloc(300, 'k');
  const headers = [
    ['x-retry-dead-letter-reason', 'fatal'],
    ['x-retry-origin-topic', 'main'],
    ['x-retry-origin-partition', '3'],
    ['x-retry-origin-offset', '12'],
    ['x-retry-attempt', '2'],
    ['x-retry-error-class', 'Boom'],
    ['x-retry-error-message', 'größer'],
    ['x-retry-first-failed-at', '900'],
    ['x-retry-redrive', 'job/0/1'],
  ].map(([name = '', value = '']) => [name, Buffer.from(value)] as const);
  const value = Buffer.alloc(5_000);
  const record = { topic: 'dlq', partition: 1, offset: 2 ** 40, timestamp: 1_000, key, value, headers };
  const letter = readDeadLetter(record, 'orders')!;
  const { value: _value, originTimestamp: _time, applicationHeaders: _headers, ...kept } = letter;
  expect(readRow(idOf(letter.position), packRow(letter, 'main'), 'main')).toEqual({
    ...kept,
    ...{ status: 'open', settled: null, copyOf: null },
    ...{ key: key.subarray(0, 256), keyBytes: 300, valueBytes: 5_000 },
  });
});
