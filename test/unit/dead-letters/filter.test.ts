import { expect, test } from '@jest/globals';
import { matches } from '../../../src/dead-letters/filter.ts';
import type { DeadLetterFilter, Filtered } from '../../../src/dead-letters/filter.ts';

const letter: Filtered = {
  ...{ position: { partition: 2, offset: 7 }, key: Buffer.from('k'), reason: 'fatal', source: 'service' },
  ...{ errorClass: 'Boom', errorMessage: 'Order 12 has no stock', deadLetteredAt: 1_000 },
};

test.each<[DeadLetterFilter, boolean]>([
  [{}, true],
  [{ key: Buffer.from('k') }, true],
  [{ key: Buffer.from('kk') }, false],
  [{ reason: 'fatal' }, true],
  [{ reason: 'expired' }, false],
  [{ errorClass: 'Boom' }, true],
  [{ errorClass: 'boom' }, false],
  [{ error: 'NO STOCK' }, true],
  [{ error: 'sold out' }, false],
  [{ from: 1_000, to: 1_001 }, true],
  [{ from: 1_001 }, false],
  [{ to: 1_000 }, false],
  [{ source: 'service', partition: 2 }, true],
  [{ source: 'spring' }, false],
  [{ partition: 0 }, false],
])('%j: %s', (filter, expected) => {
  expect(matches(letter, filter)).toBe(expected);
});

test('a message without a key has none that fits', () => {
  expect(matches({ ...letter, key: null }, { key: Buffer.alloc(0) })).toBe(false);
});
