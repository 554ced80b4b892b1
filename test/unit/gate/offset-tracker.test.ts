import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OffsetTracker } from '../../../src/gate/offset-tracker.ts';

describe('what may be committed', () => {
  it('is the offset after the last record before which everything is finished, in whatever order it finished', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat()), { minLength: 1 }), (steps) => {
        const tracker = new OffsetTracker();
        let offset = 100;
        const open = steps.map(([gap, rank]) => {
          offset += gap;
          return { offset, rank, finish: tracker.add(offset), finished: false };
        });
        expect(tracker.moved).toBe(false);
        for (const one of [...open].sort((a, b) => a.rank - b.rank)) {
          one.finish();
          one.finish();
          one.finished = true;
          const first = open.find(({ finished }) => !finished);
          const before = open.filter((other) => first === undefined || other.offset < first.offset).at(-1);
          expect(tracker.committable).toBe(before === undefined ? open[0]!.offset : before.offset + 1);
          expect(tracker.unfinished).toBe(open.filter(({ finished }) => !finished).length);
        }
        expect(tracker.window).toBe(0);
        expect(tracker.moved).toBe(true);
      }),
    );
  });

  it('is nothing before the first record', () => {
    expect(new OffsetTracker().committable).toBeUndefined();
  });

  it('stays right over many records', () => {
    const tracker = new OffsetTracker();
    for (let offset = 0; offset < 10_000; offset += 1) tracker.add(offset)();
    expect([tracker.committable, tracker.window]).toEqual([10_000, 0]);
  });
});
