import { expect, test } from '@jest/globals';
import { allDeadLetterKeys, deadLetterKeys } from '../../../src/redis/dead-letter-keys.ts';
import { hashSlot } from '../../../src/redis/hash-slot.ts';

test('all keys of an index are in one slot, whatever the partition', () => {
  const keys = [...allDeadLetterKeys('ro:', 'orders', 12), ...deadLetterKeys('ro:', 'orders', 500)];
  expect(new Set(keys.map(hashSlot)).size).toBe(1);
  expect(hashSlot('ro:{orders:dead-letters}:meta')).toBe(hashSlot(keys[0]!));
});

test('those of partition 0 are the first of all', () => {
  const first = deadLetterKeys('ro:', 'orders', 0);
  expect(allDeadLetterKeys('ro:', 'orders', 3).slice(0, first.length)).toEqual(first);
});
