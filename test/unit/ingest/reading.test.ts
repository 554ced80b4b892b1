import { describe, expect, test } from '@jest/globals';
import type { KafkaRecord } from '../../../src/domain/record.ts';
import { Reading } from '../../../src/ingest/reading.ts';
import { createLogger } from '../../../src/logger.ts';

const record = (offset: number): KafkaRecord => ({
  topic: 'orders.retry',
  partition: 0,
  offset,
  timestamp: 0,
  key: null,
  value: null,
  headers: [],
});
const run = (from: number, to: number): KafkaRecord[] =>
  Array.from({ length: to - from }, (_, i) => record(from + i));

/** A reading from `from`, with what it asked for and what it handed on. */
async function reading(from: number) {
  const reads: number[] = [];
  const taken: number[] = [];
  const ends: number[] = [];
  const failures: unknown[] = [];
  const pending: (() => void)[] = [];
  const it = new Reading(
    {
      read: (offset) => {
        reads.push(offset);
        return new Promise((resolve) => pending.push(resolve));
      },
      take: (records) => taken.push(...records.map(({ offset }) => offset)),
      reachEnd: (offset) => ends.push(offset),
      onFailure: (error) => failures.push(error),
      logger: createLogger('silent'),
    },
    from,
  );
  const sought = async (): Promise<void> => {
    pending.shift()?.();
    await new Promise(setImmediate);
  };
  const started = it.start();
  await sought();
  await started;
  return { it, reads, taken, ends, failures, sought };
}

describe('a shard is read without a hole', () => {
  test('records in a row are handed on as they come', async () => {
    const { it, reads, taken } = await reading(5);
    it.records(run(5, 8));
    it.records(run(8, 10));
    expect(taken).toEqual([5, 6, 7, 8, 9]);
    expect(reads).toEqual([5]);
  });

  test('records that the client skipped are read again, and nothing behind them is taken before', async () => {
    const { it, reads, taken, sought } = await reading(0);
    it.records(run(0, 3));
    it.records(run(7, 9));
    it.records(run(9, 11));
    expect(reads).toEqual([0, 3]);
    await sought();
    it.records(run(3, 11));
    expect(taken).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('a hole within one batch is found', async () => {
    const { it, reads, taken, sought } = await reading(0);
    it.records([...run(0, 3), ...run(7, 9)]);
    expect(taken).toEqual([0, 1, 2]);
    await sought();
    it.records(run(3, 9));
    expect([taken.length, reads]).toEqual([9, [0, 3]]);
  });

  test('an end beyond what was read is believed only when it is told again', async () => {
    const { it, ends, sought } = await reading(4);
    it.end(9);
    expect(ends).toEqual([]);
    await sought();
    it.end(9);
    expect(ends).toEqual([9]);
  });

  test('offsets that are missing the second time too are not for readers', async () => {
    const { it, taken, sought } = await reading(0);
    it.records(run(4, 6));
    await sought();
    it.records(run(4, 6));
    expect(taken).toEqual([4, 5]);
  });

  test('what was fetched for an earlier place is not taken', async () => {
    const { it, taken, sought } = await reading(10);
    it.records(run(20, 22));
    it.records(run(10, 12));
    expect(taken).toEqual([]);
    await sought();
    it.records(run(8, 12));
    expect(taken).toEqual([10, 11]);
  });
});
