import { expect, test } from '@jest/globals';
import { keyUnit } from '../../../src/domain/unit.ts';
import { FailureLog } from '../../../src/failures/failure-log.ts';
import { FailureTally } from '../../../src/failures/failure-tally.ts';
import type { Taken } from '../../../src/failures/failure-tally.ts';
import { createLogger } from '../../../src/logger.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function failed(key: string, message: string, errorClass = 'Error') {
  return { unit: keyUnit(Buffer.from(key)), partition: 1, errorClass, message };
}

test('failures of one class and shape are one kind, with their number and times', () => {
  const tally = new FailureTally();
  tally.add(failed('a', 'order 1 is late'), 100);
  tally.add(failed('b', 'order 2 is late'), 200);
  tally.add(failed('b', 'order 2 is late', 'Timeout'), 300);
  const { shapes, keys } = tally.take();
  expect(shapes).toMatchObject([
    {
      errorClass: 'Error',
      shape: 'order <n> is late',
      count: 2,
      firstSeen: 100,
      lastSeen: 200,
      example: 'order 1 is late',
    },
    { errorClass: 'Timeout', count: 1, firstSeen: 300, lastSeen: 300 },
  ]);
  expect(new Set(shapes.map(({ id }) => id)).size).toBe(2);
  expect(keys.map(([unit, failures]) => [unit.toString(), failures.map(({ at }) => at)])).toEqual([
    ['ka', [100]],
    ['kb', [300, 200]],
  ]);
  expect(tally.isEmpty).toBe(true);
});

test('what is too much to be told apart is counted all the same', () => {
  const tally = new FailureTally();
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  for (let i = 0; i < 5_000; i++) {
    const word = [i % 26, Math.floor(i / 26) % 26, Math.floor(i / 676)].map((n) => letters[n]).join('');
    tally.add(failed(`key-${String(i)}`, word), i);
    tally.add(failed('one', word), i);
  }
  const { shapes, keys } = tally.take();
  expect(shapes).toHaveLength(1_001);
  expect(shapes.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
  expect(shapes.at(-1)?.shape).toContain('more kinds');
  expect(keys).toHaveLength(1_000);
  expect(keys.every(([, failures]) => failures.length <= 3)).toBe(true);
});

test('they are told once a second, and a last time at the end', async () => {
  const clock = new FakeClock();
  const told: Taken[] = [];
  let away = false;
  const store = {
    add: (taken: Taken) =>
      away ? Promise.reject(new Error('away')) : Promise.resolve(void told.push(taken)),
  };
  const log = new FailureLog({ store, clock, logger: createLogger('silent') });
  log.add(failed('a', 'x'));
  log.add(failed('a', 'x'));
  await clock.advance(999);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toMatchObject([{ shapes: [{ count: 2 }] }]);
  await clock.advance(5_000);
  expect(told).toHaveLength(1);

  away = true;
  log.add(failed('a', 'lost'));
  await clock.advance(1_000);
  away = false;
  log.add(failed('a', 'y'));
  await log.stop();
  await log.stop();
  expect(told.map(({ shapes }) => shapes.map(({ shape }) => shape))).toEqual([['x'], ['y']]);
});
