import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyFields } from '../../../src/domain/key-fields.ts';
import { base64, keyOfFields } from '../../../src/http/keys.ts';

describe('keys', () => {
  test('come back byte for byte, whatever they are', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string({ unit: 'grapheme' }).map(Buffer.from)), (bytes) => {
        const key = Buffer.from(bytes);
        expect(keyOfFields(JSON.parse(JSON.stringify(keyFields(key))) as object)).toEqual(key);
      }),
    );
  });

  test.each<[what: string, key: Buffer, fields: object]>([
    ['text', Buffer.from('Zürich'), { key: 'Zürich' }],
    ['nothing in it', Buffer.alloc(0), { key: '' }],
    ['a byte order mark', Buffer.from('\ufeffa'), { key: '\ufeffa' }],
    ['bytes', Buffer.from([0xff, 0]), { keyBase64: '/wA=' }],
    ['half a character', Buffer.from([0xc3]), { keyBase64: 'ww==' }],
  ])('%s', (_what, key, fields) => {
    expect(keyFields(key)).toEqual(fields);
    expect(keyOfFields(fields)).toEqual(key);
  });

  test('neither of the two is the null key, which is not the empty one', () => {
    expect(keyFields(null)).toEqual({});
    expect(keyOfFields({})).toBeNull();
    expect(keyOfFields({ key: '' })).toEqual(Buffer.alloc(0));
    expect(keyOfFields({ keyBase64: '' })).toEqual(Buffer.alloc(0));
  });
});

describe('base64', () => {
  test.each(['+/8=', '+/8', '-_8=', '-_8'])('is read from either alphabet, padded or not: %s', (text) => {
    expect(base64(text)).toEqual(Buffer.from([0xfb, 0xff]));
  });

  test.each(['a', '%%%%', 'YQ=', 'YQ===', 'Y Q==', 'YQ==YQ==', 'YR=='])('is nothing else: %s', (text) => {
    expect(base64(text)).toBeNull();
  });
});
