import { describe, expect, it } from '@jest/globals';
import { checkSoFar } from '../../../faults/checker.ts';
import { policies, RunBuilder } from './run-builder.ts';

describe('a run that goes on', () => {
  const run = new RunBuilder();
  const [first, second] = [run.order('x'), run.order('x')];
  run.call(first, 10, 'failed').call(second, 20, 'succeeded');
  const found = (until: number) =>
    checkSoFar(run.history, policies, run.history[0]!.at + until).rows.flatMap(({ promise, violations }) =>
      violations.map(() => promise),
    );

  it('is found to have broken what can not be mended', () => {
    expect(found(21)).toEqual(['order']);
  });

  it('is not judged by what may still be explained, or come', () => {
    expect(found(20)).toEqual([]);
  });
});
