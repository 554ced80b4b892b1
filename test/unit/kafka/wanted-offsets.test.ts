import { expect, test } from '@jest/globals';
import { WantedOffsets } from '../../../src/kafka/wanted-offsets.ts';

function wanting(...offsets: number[]): WantedOffsets<number> {
  const wanted = new WantedOffsets<number>();
  for (const offset of offsets) wanted.add(offset, offset);
  return wanted;
}

test('what is wanted is found in the order of the offsets, twice where it is wanted twice', () => {
  const wanted = wanting(7, 3, 7);
  expect(wanted.begin()).toBe(3);
  expect(wanted.meet(3)).toEqual({ found: [3], gone: [] });
  expect(wanted.distanceFrom(3)).toBe(4);
  expect(wanted.meet(5)).toEqual({ found: [], gone: [] });
  expect(wanted.meet(7)).toEqual({ found: [7, 7], gone: [] });
  expect(wanted.done && !wanted.waiting).toBe(true);
});

test('that something is gone is believed the second time only, at the end as well', () => {
  const wanted = wanting(3, 9);
  wanted.begin();
  expect(wanted.meet(5)).toEqual({ found: [], gone: [] });
  expect(wanted.end(9)).toEqual([]);
  wanted.postpone();
  expect(wanted.begin()).toBe(9);
  expect(wanted.end(10)).toEqual([]);
  expect(wanted.begin()).toBe(3);
  expect(wanted.meet(4)).toEqual({ found: [], gone: [3] });
  expect(wanted.end(10)).toEqual([9]);
});

test('what is wanted under way joins where it lies ahead, in its place', () => {
  const wanted = wanting(5, 9);
  wanted.begin();
  expect(wanted.meet(6)).toEqual({ found: [], gone: [] });
  for (const offset of [12, 7, 9]) wanted.add(offset, offset);
  expect(wanted.meet(7)).toEqual({ found: [7], gone: [] });
  expect(wanted.meet(9)).toEqual({ found: [9, 9], gone: [] });
  expect(wanted.distanceFrom(9)).toBe(3);
  expect(wanted.meet(12)).toEqual({ found: [12], gone: [] });
  // Passed over, it waits for the second look.
  expect(wanted.begin()).toBe(5);
});

test('behind what was handed out, or when nothing is left of the go, it waits for the next one', () => {
  const wanted = wanting(5);
  wanted.begin();
  wanted.add(2, 2);
  expect(wanted.meet(5)).toEqual({ found: [5], gone: [] });
  expect(wanted.waiting).toBe(true);
  expect(wanted.begin()).toBe(2);
  expect(wanted.takeAll()).toEqual([2]);
});

test('what is added in the front again and again does not keep the rest waiting', () => {
  const wanted = wanting(10, 900);
  const met: number[] = [];
  for (const next of [9, 8, 7, 6]) {
    met.push(...wanted.meet(wanted.begin()).found);
    wanted.postpone();
    wanted.add(next, next);
  }
  expect(met).toEqual([10, 900, 8, 9]);
});
