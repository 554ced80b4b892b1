import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { capped } from '../../../src/domain/capped.ts';

test.each([
  ['short', 10, 'short'],
  ['exactly', 7, 'exactly'],
  ['too long', 3, 'too'],
  ['grün', 3, 'gr'],
  ['grün', 4, 'grü'],
  ['a€b', 3, 'a'],
  ['a€b', 4, 'a€'],
  ['😀', 3, ''],
  ['', 0, ''],
])('%j cut to %i bytes is %j', (text, limit, expected) => {
  expect(capped(text, limit)).toBe(expected);
});

test('the result fits, is a beginning of the text, and as much of it as fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 40 }), (text, limit) => {
      const result = capped(text, limit);
      expect(text.startsWith(result)).toBe(true);
      expect(Buffer.byteLength(result)).toBeLessThanOrEqual(limit);
      const [next] = text.slice(result.length);
      if (next !== undefined) expect(Buffer.byteLength(result + next)).toBeGreaterThan(limit);
    }),
  );
});
