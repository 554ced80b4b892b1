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

describe('while service and Redis are gone', () => {
  const GONE = 100_000;
  const LENGTH = 50_000;

  /** A message every half second, of 20 keys, from a minute before on; `waits` says how long each waits for its handler. */
  const run = (waits: (at: number) => number, prepare: (run: RunBuilder) => void = () => undefined) => {
    const built = new RunBuilder();
    prepare(built);
    for (let at = GONE - 60_000; at < GONE + LENGTH; at += 500) {
      const message = built.order(`k${(at / 500) % 20}`, at);
      built.call(message, at + waits(at), 'succeeded');
    }
    return built.fault('all-gone', GONE, { until: GONE + LENGTH });
  };

  it('keys that are not locked flow as before', () => {
    const kept = run(() => 10);
    expect(kept.broken).toEqual([]);
    expect(kept.notesOf('isolation').at(-1)).toBe(
      'without service and Redis for 50.0 s, of keys that were not locked: 98 of 98 (100 %) handled; before: 98 of 98 (100 %)',
    );
  });

  it('a tenth of them may wait, and no more', () => {
    const waiting = (every: number) => (at: number) =>
      at >= GONE && (at / 500) % every === 0 ? GONE + 2 * LENGTH - at : 10;
    expect(run(waiting(20)).broken).not.toContain('isolation');
    expect(run((at) => (at >= GONE + LENGTH / 2 ? LENGTH : 10)).broken).toContain('isolation');
  });

  it('a key that failed shortly before is not one of them', () => {
    const kept = run(
      () => 10,
      (built) => {
        const failed = built.order('k3', GONE - 1_000);
        built.call(failed, GONE - 900, 'failed').call(failed, GONE + LENGTH, 'succeeded', { attempt: 2 });
      },
    );
    expect(kept.notesOf('isolation').at(-1)).toContain('93 of 93');
  });
});
