import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodePayload, encodePayload, errorOf, withoutContent } from '../../../src/penalty-box/payload.ts';
import type { Payload } from '../../../src/penalty-box/payload.ts';

const home = { topic: 'orders', partition: 2 };
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const numbers = fc.maxSafeNat().map((n) => n % 2 ** 47);
const texts = fc.string({ unit: 'grapheme', maxLength: 40 });

const payloads: fc.Arbitrary<Payload> = fc.record({
  origin: fc.oneof(
    numbers.map((offset) => ({ ...home, offset })),
    fc.record({ topic: texts, partition: fc.nat({ max: 2 ** 32 - 1 }), offset: numbers }),
  ),
  originTimestamp: fc.option(numbers),
  key: fc.option(bytes),
  value: fc.option(bytes),
  valueAtOrigin: fc.boolean(),
  redrive: texts,
  leftOut: fc.constant(null),
  headers: fc.array(fc.tuple(texts, bytes), { maxLength: 12 }),
  errorClass: texts,
  errorMessage: texts,
});

describe('payloads', () => {
  test('what is encoded is decoded', () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        expect(decodePayload(encodePayload(payload, home), home)).toEqual(payload);
      }),
    );
  });

  test('null and empty differ: of values and of keys', () => {
    const empty = { ...sample(), key: Buffer.alloc(0), value: Buffer.alloc(0) };
    expect(decodePayload(encodePayload(empty, home), home)).toEqual(empty);
    const none = { ...sample(), key: null, value: null };
    expect(decodePayload(encodePayload(none, home), home)).toEqual(none);
  });

  test('the error is readable without the rest', () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const { errorClass, errorMessage } = payload;
        const head = 4 + Buffer.byteLength(errorClass) + Buffer.byteLength(errorMessage);
        expect(errorOf(encodePayload(payload, home).subarray(0, head))).toEqual({ errorClass, errorMessage });
      }),
    );
  });

  test('of content that stays in the retry topic its length is kept, and all else', () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const kept = encodePayload(withoutContent(payload), home);
        expect(decodePayload(kept, home)).toEqual({
          ...payload,
          ...{ leftOut: payload.value?.length ?? 0, headers: [], value: null },
        });
        expect(kept.length).toBeLessThanOrEqual(encodePayload(payload, home).length + 2);
      }),
    );
  });

  test('an ordinary message costs a few bytes more than its value', () => {
    const { errorClass, errorMessage, value } = sample();
    const own = errorClass.length + errorMessage.length + (value?.length ?? 0);
    expect(encodePayload(sample(), home).length - own).toBe(19);
  });
});

function sample(): Payload {
  return {
    origin: { ...home, offset: 41 },
    originTimestamp: 1_700_000_000_000,
    key: null,
    value: Buffer.from('value'),
    valueAtOrigin: false,
    redrive: '',
    leftOut: null,
    headers: [],
    errorClass: 'Timeout',
    errorMessage: 'no answer',
  };
}
