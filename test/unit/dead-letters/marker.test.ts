import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeMarker, isMarker, rangesOf, readMarker } from '../../../src/dead-letters/marker.ts';
import type { Marker } from '../../../src/dead-letters/marker.ts';

const marker: Marker = {
  ...{ settled: 'dismissed', by: 'request 1', at: 1_767_225_600_000 },
  offsets: [
    [3, 5],
    [9, 9],
  ],
};

test('a marker is read as it was written', () => {
  expect(readMarker({ value: encodeMarker(marker), offset: 10 })).toEqual(marker);
});

test('a marker says nothing of what lies at its own place or behind it', () => {
  const { offsets } =
    readMarker({
      value: encodeMarker({
        ...marker,
        offsets: [
          [3, 50],
          [7, 8],
        ],
      }),
      offset: 6,
    }) ?? {};
  expect(offsets).toEqual([[3, 5]]);
});

test('only a record without a key can be one', () => {
  const headers = [['x-retry-journal', Buffer.alloc(0)]] as const;
  expect(isMarker({ key: null, headers })).toBe(true);
  expect(isMarker({ key: Buffer.from('k'), headers })).toBe(false);
  expect(isMarker({ key: null, headers: [['x-retry-reason', Buffer.from('failed')]] })).toBe(false);
});

test.each([
  ['no value', null],
  ['no JSON', 'settled'],
  ['a list', '[]'],
  ['null', 'null'],
  ['another version', JSON.stringify({ v: 2, ...marker })],
  ['an unknown settlement', JSON.stringify({ v: 1, ...marker, settled: 'eaten' })],
  ['offsets that are none', JSON.stringify({ v: 1, ...marker, offsets: [[1]] })],
  ['a range that ends before it begins', JSON.stringify({ v: 1, ...marker, offsets: [[5, 3]] })],
  ['an offset that is no whole number', JSON.stringify({ v: 1, ...marker, offsets: [[0.5, 3]] })],
])('with %s it can not be read', (_, written) => {
  expect(readMarker({ value: written === null ? null : Buffer.from(written), offset: 100 })).toBeNull();
});

test('whatever bytes it holds, reading it does not throw', () => {
  const json = fc.json().map((text) => Buffer.from(text));
  const bytes = fc.uint8Array().map((value) => Buffer.from(value));
  fc.assert(
    fc.property(fc.oneof(json, bytes), (value) => {
      readMarker({ value, offset: 5 });
    }),
  );
});

test('ranges hold the same offsets, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), (offsets) => {
      const ranges = rangesOf(offsets);
      const all = ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
      expect(all).toEqual([...new Set(offsets)].sort((a, b) => a - b));
      // As few as possible: between two of them something is missing.
      for (const [i, [from]] of ranges.entries())
        if (i > 0) expect(from).toBeGreaterThan(ranges[i - 1]![1] + 1);
    }),
  );
});
