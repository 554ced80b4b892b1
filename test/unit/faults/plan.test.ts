import { describe, expect, it } from '@jest/globals';
import { faultKinds } from '../../faults/history.ts';
import { failuresOf, poisonKey } from '../../faults/plan/failures.ts';
import { faultsOf } from '../../faults/plan/faults.ts';
import { LARGE_BYTES, loadOf, OVERSIZE_BYTES } from '../../faults/plan/load.ts';

const seeds = Array.from({ length: 200 }, (_, seed) => seed);
const TEN_MINUTES = 575_000;
const options = { seed: 7, route: 'gated', loadMs: TEN_MINUTES, perSecond: 31 };

describe('the schedule of faults', () => {
  it('is the same for the same seed, and another one for another', () => {
    const plan = faultsOf({ seed: 7, loadMs: TEN_MINUTES });
    expect(faultsOf({ seed: 7, loadMs: TEN_MINUTES })).toEqual(plan);
    expect(faultsOf({ seed: 8, loadMs: TEN_MINUTES })).not.toEqual(plan);
  });

  it('has all kinds and more than 30 faults in ten minutes', () => {
    for (const seed of seeds) {
      const plan = faultsOf({ seed, loadMs: TEN_MINUTES });
      expect(plan.length).toBeGreaterThan(30);
      expect(new Set(plan.map(({ kind }) => kind))).toEqual(new Set(faultKinds));
    }
  });

  it('has some in two minutes, none of them a restart of everything', () => {
    for (const seed of seeds) {
      const plan = faultsOf({ seed, loadMs: 95_000 });
      expect(plan.length).toBeGreaterThan(4);
      expect(plan.map(({ kind }) => kind)).not.toContain('rolling-restart');
    }
  });

  it('leaves the beginning and the end in peace', () => {
    for (const seed of seeds) {
      const plan = faultsOf({ seed, loadMs: TEN_MINUTES });
      expect(Math.min(...plan.map(({ atMs }) => atMs))).toBeGreaterThanOrEqual(5_000);
      expect(Math.max(...plan.map(({ atMs, forMs }) => atMs + forMs))).toBeLessThanOrEqual(
        TEN_MINUTES - 12_000,
      );
    }
  });

  it('lets some faults overlap, and nothing a restart of everything, nor the time without service and Redis', () => {
    for (const seed of seeds) {
      const plan = faultsOf({ seed, loadMs: TEN_MINUTES });
      const overlaps = plan.filter(({ atMs }, i) => i > 0 && atMs < plan[i - 1]!.atMs + plan[i - 1]!.forMs);
      expect(overlaps.length).toBeGreaterThan(0);
      for (const apart of plan.filter(({ kind }) => kind === 'rolling-restart' || kind === 'all-gone')) {
        const during = plan.filter(
          (fault) =>
            fault !== apart && fault.atMs < apart.atMs + apart.forMs && fault.atMs + fault.forMs > apart.atMs,
        );
        expect(during).toEqual([]);
      }
    }
  });
});

describe('the load', () => {
  const load = loadOf(options);

  it('is the same for the same seed, and another one for another', () => {
    expect(loadOf(options)).toEqual(load);
    expect(loadOf({ ...options, seed: 8 })).not.toEqual(load);
  });

  it('numbers the messages of each key, keeps a key in one partition, and comes in the order of its times', () => {
    const last = new Map<string, { seq: number; partition: number }>();
    for (const { key, seq, partition } of load) {
      expect(seq).toBe((last.get(key)?.seq ?? 0) + 1);
      expect(partition).toBe(last.get(key)?.partition ?? partition);
      last.set(key, { seq, partition });
    }
    expect(load.map(({ atMs }) => atMs)).toEqual(load.map(({ atMs }) => atMs).sort((a, b) => a - b));
  });

  it('has hot keys, messages without a key, null values, large and oversize messages', () => {
    const counts = new Map<string, number>();
    for (const { key } of load) counts.set(key, (counts.get(key) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBeGreaterThan(load.length / 15);
    for (const kind of [
      load.filter(({ keyless }) => keyless),
      load.filter(({ bytes }) => bytes === 0),
      load.filter(({ bytes }) => bytes >= LARGE_BYTES && bytes < OVERSIZE_BYTES),
      load.filter(({ bytes }) => bytes === OVERSIZE_BYTES),
    ])
      expect(kind.length).toBeGreaterThan(3);
  });

  it('is enough for 50,000 messages in ten minutes', () => {
    expect(load.length * 3).toBeGreaterThan(50_000);
  });
});

describe('what fails', () => {
  const load = loadOf(options);
  const failing = (from: number, to: number) => {
    const then = load.filter(({ atMs }) => atMs >= from && atMs < to);
    return then.filter((message) => failuresOf(message, options) > 0).length / Math.max(1, then.length);
  };

  it('is a few messages, and everything in a storm', () => {
    const seconds = Array.from({ length: 30 }, (_, second) =>
      failing(second * 1_000, second * 1_000 + 1_000),
    );
    expect(Math.max(...seconds)).toBeGreaterThan(0.9);
    expect(seconds.filter((share) => share < 0.25).length).toBeGreaterThan(20);
  });

  it('is one key for ever, for a while', () => {
    const poisoned = load.filter((message) => failuresOf(message, options) === Infinity);
    expect(poisoned.length).toBeGreaterThan(10);
    // Each takes all its attempts, and the next one waits for it.
    expect(poisoned.length).toBeLessThan(20 * 4);
    for (const { key, atMs } of poisoned) expect(key).toBe(poisonKey(options, Math.floor(atMs / 30_000)));
  });

  it('is nothing for ever near the end, so that the run can end', () => {
    const late = load.filter(({ atMs }) => atMs > TEN_MINUTES * 0.7);
    expect(late.filter((message) => failuresOf(message, options) === Infinity)).toEqual([]);
  });

  it('is each oversize message, once', () => {
    for (const message of load.filter(({ bytes }) => bytes === OVERSIZE_BYTES)) {
      expect(failuresOf(message, options)).toBeGreaterThanOrEqual(1);
    }
  });
});
