import { expect, test } from '@jest/globals';
import { keyUnit, originUnit } from '../../../src/domain/unit.ts';
import { FailingKeysWatch } from '../../../src/hot-keys/failing-keys.ts';
import type { Board } from '../../../src/hot-keys/failing-keys.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const MINUTE = 60_000;

function aBoard(): Board & { readonly told: Map<string, Buffer> } {
  const told = new Map<string, Buffer>();
  return {
    told,
    put: (replica, bytes) => Promise.resolve(void told.set(replica, bytes)),
    all: () => Promise.resolve(told),
  };
}

function replicas(count: number) {
  const clock = new FakeClock();
  const board = aBoard();
  const watches = Array.from(
    { length: count },
    (_, i) => new FailingKeysWatch({ board, replica: `r${String(i)}`, clock }),
  );
  return { clock, board, watches };
}

function fail(watch: FailingKeysWatch, key: string, times: number, partition = 1): void {
  for (let i = 0; i < times; i++) watch.add({ unit: keyUnit(Buffer.from(key)), partition });
}

test('what replicas count is told to each other, and added up', async () => {
  const { clock, watches } = replicas(2);
  const [one, two] = watches;
  fail(one!, 'a', 3);
  fail(two!, 'a', 4);
  fail(two!, 'a', 1, 2);
  fail(two!, 'b', 2);
  await clock.advance(2_000);
  const { keys, total, othersAtMost } = await one!.read(2);
  expect(keys.map(({ unit, partition, count, error }) => [unit.toString(), partition, count, error])).toEqual(
    [
      ['ka', 1, 7, 0],
      ['kb', 1, 2, 0],
    ],
  );
  expect({ total, othersAtMost }).toEqual({ total: 10, othersAtMost: 1 });
});

test('what failed more than ten minutes ago does not count, nor what a replica told that is gone', async () => {
  const { clock, watches } = replicas(2);
  const [one, two] = watches;
  const since = clock.now();
  fail(one!, 'old', 3);
  fail(two!, 'gone', 3);
  await clock.advance(4 * MINUTE);
  expect((await one!.read(5)).keys).toHaveLength(2);
  expect((await one!.read(5)).since).toBe(since);
  await clock.advance(2 * MINUTE);
  fail(one!, 'new', 1);
  expect((await one!.read(5)).keys.map(({ unit }) => unit.toString())).toEqual(['kold', 'knew']);
  await clock.advance(5 * MINUTE);
  expect((await one!.read(5)).keys.map(({ unit }) => unit.toString())).toEqual(['knew']);
});

test('a message that is its own unit is not counted', async () => {
  const { watches } = replicas(1);
  watches[0]!.add({ unit: originUnit(7), partition: 1 });
  expect((await watches[0]!.read(5)).total).toBe(0);
});

test('what was counted last is told at the end, and a Redis that does not answer is no trouble', async () => {
  const { clock, board, watches } = replicas(1);
  fail(watches[0]!, 'a', 1);
  await watches[0]!.stop();
  expect([...board.told.keys()]).toEqual(['r0']);
  const away: Board = { put: () => Promise.reject(new Error('away')), all: () => Promise.resolve(new Map()) };
  const watch = new FailingKeysWatch({ board: away, replica: 'r', clock });
  fail(watch, 'a', 1);
  await clock.advance(2_000);
  expect((await watch.read(1)).keys).toHaveLength(1);
});
