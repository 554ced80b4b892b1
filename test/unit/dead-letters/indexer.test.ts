import { expect, test } from '@jest/globals';
import type { IndexWriter, Written } from '../../../src/dead-letters/index-writer.ts';
import { DeadLetterIndexer } from '../../../src/dead-letters/indexer.ts';
import type { KafkaRecord } from '../../../src/domain/record.ts';
import type { AssignedConsumer, Reading } from '../../../src/kafka/assigned-consumer.ts';
import { createLogger } from '../../../src/logger.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const TOPIC = 'orders.dlq';

const letters = (...offsets: number[]): KafkaRecord[] =>
  offsets.map((offset) => ({
    ...{ topic: TOPIC, partition: 0, offset, timestamp: 0 },
    ...{ key: Buffer.from('k'), value: Buffer.from('v'), headers: [] },
  }));
const end = (offset: number): Reading['ends'] => [{ topic: TOPIC, partition: 0, offset }];

/** An indexer of one partition, whose consumer answers that, one after the other; and what it does. */
async function indexing(...readings: readonly Partial<Reading>[]) {
  const assigned: number[] = [];
  const written: number[][] = [];
  const left = [...readings];
  let allRead: () => void;
  const done = new Promise<void>((resolve) => (allRead = resolve));
  const consumer: ReturnType<ConstructorParameters<typeof DeadLetterIndexer>[0]['open']> = {
    connect: () => Promise.resolve(),
    close: () => Promise.resolve(),
    assign: (starts: Parameters<AssignedConsumer['assign']>[0]) => {
      assigned.push(...starts.map(({ offset }) => offset));
    },
    read: () => {
      const next = left.shift();
      if (next === undefined) allRead();
      return next === undefined
        ? new Promise(
            (resolve) =>
              (stop = () => {
                resolve({ records: [], ends: [] });
              }),
          )
        : Promise.resolve({ records: [], ends: [], ...next });
    },
    interrupt: () => undefined,
    waitForInterrupt: () => Promise.resolve(),
  };
  let stop = (): void => undefined;
  const kept: Written = { kind: 'done' };
  const clock = new FakeClock();
  const indexer = new DeadLetterIndexer({
    index: { state: () => Promise.resolve({ open: 0 } as never) },
    writer: {
      take: () => Promise.resolve({ topic: 't', cursors: new Map([[0, 0]]) }),
      write: (...[, , before, after, read]: Parameters<IndexWriter['write']>) => {
        written.push([before, after, ...read.map(({ position }) => position.offset)]);
        return Promise.resolve(kept);
      },
      settle: () => Promise.resolve(kept),
      forget: () => Promise.resolve(true),
    },
    ranges: () => Promise.resolve(new Map([[0, { first: 0, end: 100 }]])),
    open: () => consumer,
    ...{ topic: TOPIC, route: 'orders', reads: () => true, clock, logger: createLogger('silent') },
  });
  indexer.see({ id: 't', ranges: new Map([[0, { first: 0, end: 100 }]]) });
  await indexer.start();
  await Promise.race([done, clock.advance(10_000)]);
  await done;
  const stopped = indexer.stop();
  stop();
  await stopped;
  return { assigned, written };
}

test('records in a row are indexed as they come', async () => {
  const { assigned, written } = await indexing(
    { records: letters(0, 1) },
    { records: letters(2), ends: end(3) },
  );
  expect([assigned, written]).toEqual([
    [0],
    [
      [0, 2, 0, 1],
      [2, 3, 2],
    ],
  ]);
});

test('what the client skips is read again, and nothing behind it is indexed before', async () => {
  const { assigned, written } = await indexing(
    { records: letters(0, 3), ends: end(4) },
    { records: letters(1, 2, 3), ends: end(4) },
  );
  expect([assigned, written]).toEqual([
    [0, 1],
    [
      [0, 1, 0],
      [1, 4, 1, 2, 3],
    ],
  ]);
});

test('an end beyond what was read is believed only when it is told again', async () => {
  const { assigned, written } = await indexing({ ends: end(2) }, { records: letters(0, 1), ends: end(2) });
  expect([assigned, written]).toEqual([[0, 0], [[0, 2, 0, 1]]]);
});

test('offsets that are missing the second time too are not for readers', async () => {
  const { assigned, written } = await indexing(
    { records: letters(0, 2), ends: end(4) },
    { records: letters(2), ends: end(4) },
    { ends: end(4) },
  );
  expect([assigned, written]).toEqual([
    [0, 1, 3],
    [
      [0, 1, 0],
      [1, 3, 2],
      [3, 4],
    ],
  ]);
});
