import { expect, test } from '@jest/globals';
import { keyUnit, originUnit } from '../../../src/domain/unit.ts';
import { HeldKeysReader } from '../../../src/hot-keys/held-keys.ts';
import { shareOfHottest, ShareWatch } from '../../../src/hot-keys/share-watch.ts';
import type { LockSummary } from '../../../src/penalty-box/operator-box.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function lock(key: string, held: number): LockSummary {
  const unit = key === '' ? originUnit(held) : keyUnit(Buffer.from(key));
  const rest = {
    partition: 0,
    state: 'waiting',
    since: 0,
    attempt: 1,
    headOffset: 0,
    parkedBy: null,
  } as const;
  return { ...rest, unit, held, heldBytes: held };
}

function aReader(shards: readonly (readonly LockSummary[])[]) {
  const clock = new FakeClock();
  const seen = { scans: 0 };
  const reader = new HeldKeysReader({
    operator: {
      async *scan(partition) {
        seen.scans++;
        await Promise.resolve();
        const locks = shards[partition];
        if (locks === undefined) throw new Error('is being restored');
        for (const one of locks) yield [one];
      },
    },
    clock,
  });
  return { reader, clock, seen };
}

test('the keys that hold most, over all partitions; a lock that a scan gives twice is there once', async () => {
  const a = lock('a', 5);
  const { reader } = aReader([
    [a, lock('b', 2), a],
    [lock('a', 7), lock('', 9)],
  ]);
  const { keys, total, without } = await reader.read([0, 1, 2]);
  expect(keys.map(({ unit, partition, held }) => [unit.toString(), partition, held])).toEqual([
    ['ka', 1, 7],
    ['ka', 0, 5],
    ['kb', 0, 2],
  ]);
  expect({ total, without }).toEqual({ total: 28, without: [2] });
});

test('who asks within five seconds gets what was found for the one before', async () => {
  const { reader, clock, seen } = aReader([[lock('a', 5)]]);
  await Promise.all([reader.read([0]), reader.read([0])]);
  await clock.advance(4_900);
  await reader.read([0]);
  expect(seen.scans).toBe(1);
  await clock.advance(200);
  await reader.read([0]);
  expect(seen.scans).toBe(2);
});

test('the share of the hottest is measured every ten seconds, and rarer where that takes long', async () => {
  const { reader, clock } = aReader([[lock('a', 30), lock('b', 10)]]);
  const shares: number[] = [];
  let mine = [0];
  const watch = new ShareWatch({
    partitions: () => mine,
    read: (partitions) => reader.read(partitions),
    onShare: (share) => void shares.push(share),
    clock,
  });
  await watch.start();
  await clock.advance(10_000);
  expect(shares).toEqual([0.75]);
  mine = [];
  await clock.advance(10_000);
  expect(shares).toEqual([0.75, 0]);
  await watch.stop();
  await clock.advance(60_000);
  expect(shares).toHaveLength(2);
});

test('of nothing there is no share', () => {
  expect(shareOfHottest({ keys: [], total: 0 })).toBe(0);
});
