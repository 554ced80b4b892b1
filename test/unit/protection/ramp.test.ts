import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LagWatch } from '../../../src/protection/lag-watch.ts';
import { climb, RAMP_WINDOW, type RampWindow, startRamp } from '../../../src/protection/ramp.ts';

const POLICY = { startPerSecond: 50, maxPerSecond: 500 };
const GOOD: RampWindow = { outcomes: 100, failed: 49, lagGrows: false };
const FAILING: RampWindow = { outcomes: 20, failed: 12, lagGrows: false };
const LAGGING: RampWindow = { ...GOOD, lagGrows: true };
const FEW: RampWindow = { outcomes: 19, failed: 19, lagGrows: false };

function rates(...windows: RampWindow[]): number[] {
  let ramp = startRamp(POLICY, 0);
  return windows.map((window, i) => {
    const over = (i + 1) * RAMP_WINDOW;
    expect(climb(ramp, window, POLICY, over - 1)).toBe(ramp);
    ramp = climb(ramp, window, POLICY, over);
    return ramp.perSecond;
  });
}

test.each<[string, RampWindow[], number[]]>([
  ['doubles every 5 s up to the most', [GOOD, GOOD, GOOD, GOOD, GOOD], [100, 200, 400, 500, 500]],
  [
    'falls by half when redeliveries fail, and grows by steps then',
    [GOOD, GOOD, FAILING, GOOD, GOOD],
    [100, 200, 100, 150, 200],
  ],
  ['and when the group falls behind', [GOOD, LAGGING, LAGGING], [100, 50, 50]],
  ['never falls below its start', [LAGGING, LAGGING, GOOD], [50, 50, 100]],
  ['what fails at any rate says nothing about this one', [FAILING, FAILING, FAILING], [100, 200, 400]],
  [
    'once it has fallen, it climbs again though the same fails',
    [GOOD, FAILING, FAILING, FAILING],
    [100, 50, 100, 150],
  ],
  ['few outcomes say nothing', [FEW, FEW], [100, 200]],
])('%s', (_name, windows, expected) => {
  expect(rates(...windows)).toEqual(expected);
});

test('begins at the most where that is less than the start', () => {
  expect(startRamp({ startPerSecond: 50, maxPerSecond: 10 }, 0).perSecond).toBe(10);
});

test('stays between its start and the most, whatever happens', () => {
  const window = fc.record({ outcomes: fc.nat(100), failed: fc.nat(100), lagGrows: fc.boolean() });
  const policy = fc.record({
    startPerSecond: fc.integer({ min: 1, max: 900 }),
    maxPerSecond: fc.integer({ min: 1, max: 900 }),
  });
  fc.assert(
    fc.property(policy, fc.array(window), (limits, windows) => {
      let ramp = startRamp(limits, 0);
      for (const [i, one] of windows.entries()) {
        ramp = climb(ramp, one, limits, (i + 1) * RAMP_WINDOW);
        expect(ramp.perSecond).toBeLessThanOrEqual(limits.maxPerSecond);
        expect(ramp.perSecond).toBeGreaterThanOrEqual(Math.min(limits.startPerSecond, limits.maxPerSecond));
      }
    }),
  );
});

test('a group falls behind when it comes less close to the end than before, not because it commits in steps', () => {
  const watch = new LagWatch();
  const steps = (from: number): boolean => {
    for (const lag of [0, 2_000, 4_000, 6_000, 8_000]) watch.note(from + lag);
    return watch.grew(100);
  };
  expect([steps(0), steps(50), steps(100), steps(300), steps(300), steps(0)]).toEqual([
    ...[false, false, false, true, false, false],
  ]);
  expect(watch.grew(0)).toBe(false);
});
