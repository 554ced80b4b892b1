import { expect, test } from '@jest/globals';
import { keyUnit } from '../../../src/domain/unit.ts';
import { failing, together } from '../../../src/protection/failing.ts';
import { OutcomeWindow } from '../../../src/protection/outcome-window.ts';

const key = (name: string): ReturnType<typeof keyUnit> => keyUnit(Buffer.from(name));
const POLICY = { failureShare: 0.9, window: 30_000, minimum: 50, keys: 20 };

test('counts what is young enough, by seconds', () => {
  const window = new OutcomeWindow(30_000, 20);
  window.redelivered(500, 0, key('a'), true);
  window.redelivered(1_500, 0, key('b'), false);
  window.succeeded(2_500, 4);
  expect(window.tally(2_600, 30_000)).toMatchObject({ failed: 1, succeeded: 5 });
  expect(window.tally(2_600, 2_000)).toMatchObject({ failed: 0, succeeded: 5 });
  expect(window.tally(30_700, 30_000)).toMatchObject({ failed: 0, succeeded: 5 });
  window.redelivered(90_000, 0, key('c'), true);
  expect(window.tally(90_000, 30_000)).toMatchObject({ failed: 1, succeeded: 0 });
  window.reset();
  expect(window.tally(90_000, 30_000)).toMatchObject({ failed: 0, keys: [] });
});

test('tells by the offsets of failures how many records were handled between them', () => {
  const window = new OutcomeWindow(30_000, 20);
  for (let i = 0; i < 10; i++) window.fresh(0, 1, 100 + 20 * i, key(`k${String(i)}`));
  // Copies and records of locked keys lie between them too, and say nothing of others.
  window.aside(0, 1, 30);
  for (let i = 0; i < 10; i++) window.redelivered(0, 1, key('r'), false);
  window.fresh(0, 2, 5_000_000, key('alone'));
  const { partitions, aside } = window.tally(0, 2_000);
  expect(aside).toBe(30);
  expect(partitions).toEqual([
    { partition: 1, first: 100, last: 280, fresh: 10, others: 40 },
    { partition: 2, first: 5_000_000, last: 5_000_000, fresh: 1, others: 0 },
  ]);
});

test('a poison key alone never opens the breaker, however often it fails and in however many seconds', () => {
  const window = new OutcomeWindow(30_000, 20);
  for (let now = 0; now < 60_000; now += 10) {
    window.redelivered(now, 0, key('poison'), true);
    window.fresh(now, 0, now, key('poison'));
  }
  for (const span of [2_000, 5_000, 10_000, 30_000])
    expect(failing([window.tally(59_999, span)], POLICY)).toBeNull();
});

test('a dependency that is down shows in the first 2 s where much is handled', () => {
  const window = new OutcomeWindow(30_000, 20);
  window.committed(0, 60_000);
  for (let i = 0; i < 200; i++)
    window.fresh(1_000 + i, i % 4, 10_000 + Math.floor(i / 4), key(`k${String(i)}`));
  expect(failing([window.tally(1_300, 2_000)], POLICY)).toContain('100 %');
});

test('replicas add up what each has seen; all of them see the same commits', () => {
  const [one, other] = [new OutcomeWindow(30_000, 20), new OutcomeWindow(30_000, 20)];
  for (const window of [one, other]) {
    window.committed(0, 500);
    window.redelivered(0, 0, key('both'), true);
  }
  other.redelivered(0, 1, key('other'), true);
  // Calls about one partition go to either.
  one.fresh(0, 2, 10, key('f'));
  other.fresh(0, 2, 30, key('g'));
  other.aside(0, 2, 3);
  const tallies = [one, other].map((window) => window.tally(0, 30_000));
  const sum = together(tallies, 20);
  expect(sum).toMatchObject({ span: 30_000, failed: 3, committed: 500 });
  expect(sum.partitions).toContainEqual({ partition: 2, first: 10, last: 30, fresh: 2, others: 3 });
  expect(sum.keys).toHaveLength(4);
  expect(together(tallies, 1).keys).toHaveLength(1);
});

test('many keys in a second take no more memory than some', () => {
  const window = new OutcomeWindow(30_000, 1_000);
  for (let i = 0; i < 10_000; i++) window.redelivered(0, 0, key(`k${String(i)}`), true);
  expect(window.tally(0, 2_000).keys).toHaveLength(256);
});
