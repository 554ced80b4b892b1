import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keyId, toWireKey, wireKeyId } from '../../../src/gate/keys.ts';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));

describe('keys', () => {
  it('come back from JSON as the same bytes, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
        ),
        (key) => {
          const wire = JSON.parse(JSON.stringify(toWireKey(key))) as ReturnType<typeof toWireKey>;
          expect(wireKeyId(wire)).toBe(keyId(key));
          const back =
            wire.keyBase64 === undefined
              ? Buffer.from(wire.key ?? '')
              : Buffer.from(wire.keyBase64, 'base64');
          expect(back.equals(key)).toBe(true);
        },
      ),
    );
  });

  it('have different ids if they are different', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(keyId(a) === keyId(b)).toBe(a.equals(b));
      }),
    );
  });

  it.each([
    ['text', Buffer.from('order-1'), { key: 'order-1' }],
    ['an empty key', Buffer.alloc(0), { key: '' }],
    ['a byte order mark', Buffer.from([0xef, 0xbb, 0xbf, 0x61]), { key: '\ufeffa' }],
    ['a NUL', Buffer.from([0]), { key: '\0' }],
    ['no UTF-8', Buffer.from([0xff, 0xfe]), { keyBase64: '//4=' }],
    ['an encoded surrogate', Buffer.from([0xed, 0xa0, 0x80]), { keyBase64: '7aCA' }],
    ['the null key', null, {}],
  ])('writes %s as the contract says', (_name, key, wire) => {
    expect(toWireKey(key)).toEqual(wire);
  });

  it('knows no id for the null key', () => {
    expect(wireKeyId({})).toBeUndefined();
  });
});
