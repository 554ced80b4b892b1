import { describe, expect, it } from '@jest/globals';
import { lineOf } from '../../../dev/demo/live-view.ts';
import { readOptions } from '../../../dev/demo/options.ts';
import { releaseLateness } from '../../../dev/demo/service-view.ts';
import { spreadOf } from '../../../dev/demo/checker/spread.ts';

describe('the command line', () => {
  it('has a default for everything', () => {
    const defaults = { messages: 10_000, keys: 500, seed: 42, keep: false, killService: false };
    expect(readOptions([], 42)).toEqual(defaults);
  });

  it('takes every option, and refuses what is none', () => {
    expect(
      readOptions(['--messages', '500', '--keys=20', '--seed', '7', '--keep', '--kill-service'], 42),
    ).toEqual({
      ...{ messages: 500, keys: 20, seed: 7, keep: true, killService: true },
    });
    expect(() => readOptions(['--messages', 'many'], 42)).toThrow('--messages has to be a whole number');
    expect(() => readOptions(['--keys', '1'], 42)).toThrow('from 2 to');
    expect(() => readOptions(['--speed', '1'], 42)).toThrow('--speed');
  });
});

describe('the figures', () => {
  it('are ranks that were measured', () => {
    expect(spreadOf([])).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
    expect(spreadOf(Array.from({ length: 200 }, (_, index) => 200 - index))).toEqual({
      ...{ count: 200, p50: 100, p99: 198, max: 200 },
    });
  });

  it('of the service are read from its histogram', () => {
    const bucket = (le: string, count: number): string =>
      `retry_orchestrator_release_lateness_seconds_bucket{le="${le}",route="orders"} ${count}`;
    const metrics = [bucket('0.005', 60), bucket('0.025', 99), bucket('+Inf', 100)].join('\n');
    expect(releaseLateness(metrics)).toEqual({ p50: 5, p99: 25 });
    expect(releaseLateness('')).toBeUndefined();
  });

  it('are a line where there is no terminal, with or without the service', () => {
    const reading = {
      ...{ seconds: 4.2, phase: 'at work', messages: 100, produced: 50, succeeded: 40, retried: 3 },
      ...{
        deadLetters: 1,
        lag: 9,
        service: { locked: 2, held: 5, inFlight: 1, oldestLockSeconds: 1.25, isWhole: true },
      },
    };
    expect(lineOf(reading)).toBe(
      '  4 s  produced 50/100  handled 40  locked 2  held 5  oldest 1.3 s  retried 3  dead letters 1  lag 9',
    );
    expect(lineOf({ ...reading, service: undefined })).toContain('service does not answer');
  });
});
