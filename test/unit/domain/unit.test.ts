import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { foreignUnit, freshUnit, keyOf, keyUnit, originUnit, retryUnit } from '../../../src/domain/unit.ts';

const keys = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));

describe('units', () => {
  test('a unit gives its key back, byte for byte, the empty one too', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(keyOf(keyUnit(key))).toEqual(key);
      }),
    );
    expect(keyOf(keyUnit(Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
  });

  test('no key is taken for a message without one', () => {
    expect(keyOf(originUnit(5))).toBeNull();
    expect(keyOf(foreignUnit(5))).toBeNull();
    fc.assert(
      fc.property(keys, fc.nat(), (key, offset) => {
        expect(keyUnit(key).equals(originUnit(offset)) || keyUnit(key).equals(foreignUnit(offset))).toBe(
          false,
        );
      }),
    );
  });

  test('a key does not share its bytes with the record it came from', () => {
    const key = Buffer.from('abc');
    const unit = keyUnit(key);
    key.fill(0);
    expect(unit.toString()).toBe('kabc');
  });

  test.each([
    ['a key', 'key', Buffer.from('a'), 5, 'ka'],
    ['an empty key', 'key', Buffer.alloc(0), 5, 'k'],
    ['no key', 'key', null, 5, 'n5'],
    ['no key and a foreign origin', 'key', null, null, 'm9'],
    ['a key with a foreign origin', 'key', Buffer.from('a'), null, 'ka'],
    ['a key without ordering', 'none', Buffer.from('a'), 5, 'n5'],
    ['a foreign origin without ordering', 'none', Buffer.from('a'), null, 'm9'],
  ] as const)('a retry record with %s', (_, ordering, key, origin, unit) => {
    expect(retryUnit({ key }, ordering, origin, 9).toString()).toBe(unit);
  });

  test('a message is the same unit when it is fresh and when it comes from the retry topic', () => {
    fc.assert(
      fc.property(fc.option(keys), fc.nat(), fc.nat(), (key, origin, retryOffset) => {
        expect(freshUnit(key, origin)).toEqual(retryUnit({ key }, 'key', origin, retryOffset));
      }),
    );
  });
});
