import { describe, expect, it } from '@jest/globals';
import { RunBuilder } from './run-builder.ts';

describe('a message of a key that never failed', () => {
  const waited = (ms: number, prepare: (run: RunBuilder) => void = () => undefined) => {
    const run = new RunBuilder();
    prepare(run);
    run.call(run.order('x', 100_000), 100_000 + ms, 'succeeded');
    return run;
  };

  it('must not wait for long in calm', () => {
    expect(waited(30_001).broken).toEqual(['isolation']);
    expect(waited(30_000).broken).toEqual([]);
  });

  it('may wait longer in a fault, or shortly after one, and is then not among the figures', () => {
    for (const [at, until] of [
      [85_000, 85_000],
      [10_000, 90_000],
      [110_000, 110_000],
    ] as const) {
      const run = waited(40_000, (built) => built.fault('broker-killed', at, { until }));
      expect(run.broken).toEqual([]);
      expect(run.verdict.rows.find(({ promise }) => promise === 'isolation')!.checked).toBe(
        '0 messages in calm',
      );
    }
  });

  it('is not excused by a fault long before, or after', () => {
    for (const at of [79_000, 131_000]) {
      expect(waited(60_000, (built) => built.fault('broker-killed', at)).broken).toEqual(['isolation']);
    }
  });

  it('is not excused by a wall clock that jumped: nothing goes by it', () => {
    expect(waited(40_000, (built) => built.fault('clock-jumped', 100_000)).broken).toEqual(['isolation']);
  });

  it('is not one of a key that failed', () => {
    const run = waited(40_000, (built) =>
      built.call(built.order('x'), 10, 'failed').call(built.order('y'), 20, 'succeeded'),
    );
    expect(run.broken).not.toContain('isolation');
  });

  it('is measured from sent to handled, and never below nothing', () => {
    const run = new RunBuilder();
    run.call(run.order('x', 10), 17, 'succeeded').call(run.order('y', 30), 29, 'succeeded');
    run.fault('redis-killed', 30_000).call(run.order('z', 30_000), 31_000, 'succeeded');
    expect(run.notesOf('isolation')).toEqual([
      'from sent to handled, in calm: p50 0 ms  p99 7 ms  max 7 ms',
      'and with all faults and their aftermath, 3 messages: p50 7 ms  p99 1000 ms  max 1000 ms',
    ]);
  });
});
