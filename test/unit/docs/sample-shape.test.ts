import { expect, test } from '@jest/globals';
import { shapeOf } from '../../support/sample-shape.ts';

test.each([
  ['KEY  LOCKED FOR\na           17 s', 'KEY LOCKED FOR\na 3 h 20 min'],
  ['order-1 is due at 2026-11-21T19:41:27Z (in 1.5 min).', 'order-12 is due at 2027-01-02T01:02:03Z (now).'],
  ['r-Fnj4qe16rtV5 would take 55 dead letters\n', 'r-_-j4qe16rtV5 would take 1,055 dead letters'],
  ['{\n  "since": 1795309453129\n}', '{\n  "since": 1\n}'],
])('%j has the shape of %j', (one, other) => {
  expect(shapeOf(one)).toEqual(shapeOf(other));
});

test.each([
  ['locked', 'unlocked'],
  ['1 message', '2 messages'],
  ['a\nb', 'a'],
  ['5 s', '5 keys'],
])('%j has not the shape of %j', (one, other) => {
  expect(shapeOf(one)).not.toEqual(shapeOf(other));
});
