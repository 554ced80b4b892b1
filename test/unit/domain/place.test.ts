import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { originOffsetOf, ownPlace } from '../../../src/domain/place.ts';
import { formatToken, parseToken } from '../../../src/domain/delivery-token.ts';

const offsets = fc.oneof(
  fc.nat({ max: 1_000 }),
  fc.maxSafeNat().map((n) => n % 2 ** 47),
);

describe('places', () => {
  test('an own place gives its origin back', () => {
    fc.assert(fc.property(offsets, (offset) => originOffsetOf(ownPlace(offset)) === offset));
  });

  test('their bytes are ordered as their offsets are', () => {
    fc.assert(
      fc.property(offsets, offsets, (a, b) => {
        expect(Math.sign(Buffer.compare(ownPlace(a), ownPlace(b)))).toBe(Math.sign(a - b));
      }),
    );
  });

  test('a foreign place says no origin', () => {
    expect(originOffsetOf(Buffer.concat([ownPlace(7), ownPlace(1)]))).toBeNull();
  });
});

describe('delivery tokens', () => {
  const places = fc
    .tuple(offsets, fc.option(offsets))
    .map(([own, foreign]) =>
      foreign === null ? ownPlace(own) : Buffer.concat([ownPlace(own), ownPlace(foreign)]),
    );
  const nonces = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);

  test('what is formatted is parsed', () => {
    fc.assert(
      fc.property(places, nonces, (place, nonce) => {
        expect(parseToken(formatToken({ place, nonce }))).toEqual({ place, nonce });
      }),
    );
  });

  test('any text that is not one of ours is none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const token = parseToken(text);
        if (token) expect(formatToken(token)).toBe(text);
      }),
    );
  });

  test.each([
    '',
    '.',
    '0000000000000007',
    '0000000000000007.',
    '000000000000000.n',
    '00000000000000070.n',
    '000000000000000G.n',
    '0000000000000007.n n',
    '0000000000000007.n\n',
    ' 0000000000000007.n',
    `0000000000000007.${'n'.repeat(65)}`,
    '000000000000000A.n',
  ])('%j is none', (text) => {
    expect(parseToken(text)).toBeNull();
  });
});
