import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { capUtf8, describeError } from '../../../src/gate/describe-error.ts';
import { FatalError, RetryLaterError } from '../../../src/gate/errors.ts';

class OutOfStock extends Error {}

describe('what the service is told of a failure', () => {
  it.each([
    ['a class of its own', new OutOfStock('none left'), { class: 'OutOfStock', message: 'none left' }],
    ['a plain error', new Error('x'), { class: 'Error', message: 'x' }],
    [
      'a plain error with a name',
      Object.assign(new Error('x'), { name: 'Timeout' }),
      { class: 'Timeout', message: 'x' },
    ],
    ['a fatal one', new FatalError('never'), { class: 'FatalError', message: 'never', fatal: true }],
    [
      'a patient one',
      new RetryLaterError(1500.2),
      { class: 'RetryLaterError', message: 'retry later', retryAfterMs: 1501 },
    ],
    [
      'any error with the fields',
      Object.assign(new OutOfStock('x'), { fatal: true, retryAfterMs: 5 }),
      { class: 'OutOfStock', message: 'x', fatal: true, retryAfterMs: 5 },
    ],
    [
      'senseless wishes',
      Object.assign(new Error('x'), { fatal: 'yes', retryAfterMs: -1 }),
      { class: 'Error', message: 'x' },
    ],
    ['a string', 'broken', { class: 'string', message: 'broken' }],
    ['nothing', undefined, { class: 'undefined', message: 'undefined' }],
    ['a bare object', { message: 'm' }, { class: 'Error', message: 'm' }],
    ['an object without a prototype', Object.create(null), { class: 'Error', message: '' }],
  ])('%s', (_name, thrown, expected) => {
    expect(describeError(thrown)).toEqual(expected);
  });

  it('survives an error that cannot be read', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
      },
    );
    expect(describeError(hostile).class).toBe('Error');
  });

  it('caps class and message without cutting a character', () => {
    const { message } = describeError(new Error('é'.repeat(5000)));
    expect(message).toBe('é'.repeat(512));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.nat(40), (text, limit) => {
        const capped = capUtf8(text, limit);
        expect(Buffer.byteLength(capped)).toBeLessThanOrEqual(limit);
        expect(text.startsWith(capped)).toBe(true);
        expect(capped).toBe(Buffer.from(capped).toString());
        // Not shorter than it has to be: the next character would not have fitted.
        const next = String.fromCodePoint(text.codePointAt(capped.length) ?? 0);
        if (capped !== text) expect(Buffer.byteLength(capped + next)).toBeGreaterThan(limit);
      }),
    );
  });
});
