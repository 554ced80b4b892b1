import { describe, expect, it } from '@jest/globals';
import type { FaultKind } from '../../../faults/history.ts';
import { RunBuilder } from './run-builder.ts';

const [A, B] = ['consumer-1.1', 'consumer-2.1'];

/** A retry that succeeded at 1,001 and was recorded at 1,010. */
function recorded() {
  const run = new RunBuilder();
  const message = run.order('x');
  run.assigned(A, 0).call(message, 10, 'failed').call(message, 1_000, 'succeeded', { attempt: 2 });
  run.recorded(message, 1_010);
  return { run, message };
}

const again = { attempt: 2, consumer: B };

describe('a message that is handled again after its success was recorded', () => {
  it('breaks the promise, whatever was killed', () => {
    const { run, message } = recorded();
    run
      .fault('consumer-killed', 1_011, { target: 'consumer-1' })
      .fault('service-killed', 1_012, { until: 1_500 });
    run.fault('broker-killed', 1_013, { until: 5_000 }).fault('redis-cut', 1_012, { until: 5_000 });
    run.assigned(B, 1_100).call(message, 2_000, 'succeeded', again);
    expect(run.broken).toEqual(['recorded']);
  });

  it('does not where the answer came only when the handler had begun again', () => {
    const { run, message } = recorded();
    run.fault('service-killed', 1_001, { until: 1_500 }).assigned(B, 1_002);
    run.call(message, 1_009, 'succeeded', again);
    expect(run.broken).toEqual([]);
  });

  it.each(['redis-flushed', 'redis-killed', 'redis-restarted'] as const)(
    'is excused by %s, if the journal was not due yet',
    (kind) => {
      const lostAt = (at: number) => {
        const { run, message } = recorded();
        run.fault(kind, at, { target: 'redis', until: at + 500 }).call(message, 90_000, 'succeeded', again);
        return run;
      };
      expect(lostAt(2_200).broken).toEqual([]);
      expect(lostAt(2_200).notesOf('recorded')).toEqual([
        '1 × Redis lost its data before the journal was due',
      ]);
      // Later, or over before it happened: no excuse.
      expect(lostAt(2_300).broken).toEqual(['recorded']);
      expect(lostAt(400).broken).toEqual(['recorded']);
    },
  );

  it('is not excused by a Redis that lost its data only afterwards', () => {
    const { run, message } = recorded();
    run.call(message, 1_100, 'succeeded', again).fault('redis-killed', 1_101);
    expect(run.broken).toEqual(['recorded']);
  });

  it('is excused where the journal could not be written until Redis lost its data', () => {
    const stuck = (kind: FaultKind, from: number, until: number, lostAt: number) => {
      const { run, message } = recorded();
      run
        .fault(kind, from, { until })
        .fault('redis-flushed', lostAt)
        .call(message, 90_000, 'succeeded', again);
      return run.broken;
    };
    for (const kind of ['kafka-silent', 'broker-killed', 'service-stopped', 'redis-cut'] as const) {
      expect(stuck(kind, 900, 20_000, 19_000)).toEqual([]);
    }
    expect(stuck('service-killed', 1_100, 5_000, 12_000)).toEqual([]);
    // Too late to have kept it, long over, or nothing that has to do with the journal.
    expect(stuck('kafka-silent', 2_300, 20_000, 19_000)).toEqual(['recorded']);
    expect(stuck('kafka-silent', 900, 2_000, 30_000)).toEqual(['recorded']);
    expect(stuck('clock-jumped', 900, 20_000, 19_000)).toEqual(['recorded']);
  });

  it('is excused where a fresh record is read again, of which Redis lost what it knew', () => {
    const fresh = ({ lost = true, moved = true } = {}) => {
      const { run, message } = recorded();
      if (lost) run.fault('redis-killed', 20_000);
      if (moved) run.assigned(B, 21_000);
      run.call(message, 22_000, 'succeeded', { consumer: B });
      return run.broken;
    };
    expect(fresh()).toEqual([]);
    expect(fresh({ lost: false })).toEqual(['recorded']);
    expect(fresh({ moved: false })).toEqual(['recorded']);
  });

  it('is counted where its consumer had lost the partition', () => {
    const { run, message } = recorded();
    run.assigned(B, 500).call(message, 1_020, 'succeeded', { attempt: 2, consumer: A });
    expect(run.broken).toEqual([]);
    expect(run.notesOf('recorded')).toEqual(['1 × handled again by a consumer that had lost the partition']);
  });
});

describe('an attempt that is made again after the next one', () => {
  const repeated = (prepare: (run: RunBuilder) => void = () => undefined) => {
    const run = new RunBuilder();
    const message = run.order('x');
    run.assigned(A, 0).call(message, 10, 'failed').call(message, 1_000, 'failed', { attempt: 2 });
    prepare(run);
    return run.call(message, 20_000, 'succeeded', { redelivered: true });
  };

  it('breaks the promise: its failure had been known', () => {
    expect(repeated().broken).toEqual(['recorded']);
    expect(repeated((run) => run.fault('redis-killed', 10_000)).broken).toEqual(['recorded']);
  });

  it('is excused where Redis may have forgotten it', () => {
    expect(repeated((run) => run.fault('redis-killed', 1_600)).broken).toEqual([]);
  });

  it('is nothing that an application without the gate is promised', () => {
    const run = new RunBuilder('ungated');
    const message = run.order('x');
    run.call(message, 10, 'failed').call(message, 1_000, 'failed', { attempt: 2 });
    run.call(message, 2_000, 'succeeded', { redelivered: true });
    expect(run.broken).toEqual([]);
  });
});

describe('a message that is handled again and was not recorded', () => {
  const handled = () => {
    const run = new RunBuilder();
    const message = run.order('x');
    run.assigned(A, 0).call(message, 1_000, 'succeeded');
    return { run, message };
  };

  it('is explained by a partition that passed on', () => {
    const { run, message } = handled();
    run.assigned(B, 1_005).call(message, 1_010, 'succeeded', { consumer: B });
    expect(run.broken).toEqual([]);
    expect(run.notesOf('duplicates')).toEqual([
      '1 × the partition passed on before the commit or the report',
    ]);
  });

  it('is explained by a fault that is felt', () => {
    const { run, message } = handled();
    run.fault('service-killed', 500, { until: 700 }).call(message, 1_010, 'succeeded');
    expect(run.broken).toEqual([]);
    expect(run.notesOf('duplicates')).toEqual(['1 × after service-killed']);
  });

  it('breaks the promise where nothing had happened, or long ago, or to another partition', () => {
    const { run, message } = handled();
    run.call(message, 1_010, 'succeeded');
    expect(run.broken).toEqual(['duplicates']);
    const late = new RunBuilder();
    const first = late.order('x');
    late.fault('service-killed', 0).call(first, 30_000, 'succeeded').call(first, 30_100, 'succeeded');
    expect(late.broken).toEqual(['duplicates']);
    const other = handled();
    other.run.assigned('consumer-3.1', 1_005).call(other.message, 1_010, 'succeeded', { consumer: B });
    expect(other.run.broken).toEqual(['duplicates']);
  });

  it('breaks it also after a dead letter', () => {
    const run = new RunBuilder();
    const message = run.order('x');
    run.call(message, 10, 'failed').deadLetter(message, 15, 'fatal').call(message, 20, 'failed');
    expect(run.broken).toEqual(['duplicates']);
  });
});
