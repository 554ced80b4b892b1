import { afterEach, describe, expect, jest, test } from '@jest/globals';

import { type Clock, systemClock } from '../../src/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';

// One contract for both: what a test sees with the fake is what the service does with the real one.
const clocks: [name: string, make: () => { clock: Clock; pass: (ms: number) => Promise<void> }][] = [
  [
    'the fake clock',
    () => {
      const clock = new FakeClock();
      return { clock, pass: (ms) => clock.advance(ms) };
    },
  ],
  [
    'the system clock',
    () => {
      jest.useFakeTimers();
      return {
        clock: systemClock,
        pass: async (ms) => {
          await jest.advanceTimersByTimeAsync(ms);
        },
      };
    },
  ],
];

afterEach(() => {
  jest.useRealTimers();
});

describe.each(clocks)('%s', (_, make) => {
  test('calls back once, and not early', async () => {
    const { clock, pass } = make();
    let calls = 0;
    clock.after(100, () => calls++);
    await pass(99);
    expect(calls).toBe(0);
    await pass(1);
    expect(calls).toBe(1);
    await pass(1_000);
    expect(calls).toBe(1);
  });

  test('does not call back what was cancelled; cancelling again, or too late, is fine', async () => {
    const { clock, pass } = make();
    let calls = 0;
    const timer = clock.after(100, () => calls++);
    timer.cancel();
    timer.cancel();
    const other = clock.after(50, () => (calls += 10));
    await pass(200);
    other.cancel();
    expect(calls).toBe(10);
  });

  test('waits for longer than the longest timer of Node', async () => {
    const { clock, pass } = make();
    const month = 30 * 86_400_000;
    let calls = 0;
    clock.after(month, () => calls++);
    await pass(month - 1);
    expect(calls).toBe(0);
    await pass(1);
    expect(calls).toBe(1);
  });

  test('both clocks go on while it sleeps', async () => {
    const { clock, pass } = make();
    const [wall, monotonic] = [clock.now(), clock.monotonic()];
    const slept = clock.sleep(250);
    await pass(250);
    await slept;
    expect(clock.now() - wall).toBe(250);
    expect(clock.monotonic() - monotonic).toBe(250);
  });

  test('a sleep ends with the reason of its signal, before or while it sleeps', async () => {
    const { clock } = make();
    const reason = new Error('stopped');
    await expect(clock.sleep(1_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const slept = clock.sleep(1_000, controller.signal);
    controller.abort(reason);
    await expect(slept).rejects.toBe(reason);
  });
});

test('the fake clock does each round of a loop at its own time', async () => {
  const clock = new FakeClock(0);
  const rounds: number[] = [];
  void (async () => {
    for (;;) {
      await clock.sleep(30);
      await Promise.resolve();
      rounds.push(clock.now());
    }
  })();
  await clock.advance(100);
  expect(rounds).toEqual([30, 60, 90]);
  expect(clock.now()).toBe(100);
  expect(clock.timers).toBe(1);
});

test('a jump of the wall clock moves nothing else', async () => {
  const clock = new FakeClock(1_000);
  let calls = 0;
  clock.after(10, () => calls++);
  clock.jump(-500);
  expect([clock.now(), clock.monotonic(), calls]).toEqual([500, 0, 0]);
  await clock.advance(10);
  expect([clock.now(), calls]).toEqual([510, 1]);
});
