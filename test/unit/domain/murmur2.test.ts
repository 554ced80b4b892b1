import { expect, test } from '@jest/globals';
import { partitionOfKey } from '../../../src/domain/murmur2.ts';

test("keys go where Java's default partitioner sends them", () => {
  // The table of Kafka's own test of its hash (UtilsTest.testMurmur2): the partition of 2^31 tells all bits but the sign.
  const hashes: Readonly<Record<string, number>> = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(hashes)) {
    expect([key, partitionOfKey(Buffer.from(key), 2 ** 31)]).toEqual([key, hash & 0x7fffffff]);
  }
});

test('an empty key has a partition, too', () => {
  expect(partitionOfKey(Buffer.alloc(0), 6)).toBe((275646681 & 0x7fffffff) % 6);
});
