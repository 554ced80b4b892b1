import { describe, expect, it } from '@jest/globals';
import type { Sent } from '../../../faults/history.ts';
import { RunBuilder } from './run-builder.ts';

const AGAIN = 1_000;

/** A message whose three attempts failed, and which is a dead letter. */
function exhausted(run: RunBuilder, key: string): Sent {
  const sent = run.order(key);
  const begun = sent.offset * 400;
  run
    .call(sent, begun, 'failed')
    .call(sent, begun + 101, 'failed', { attempt: 2 })
    .call(sent, begun + 302, 'failed', { attempt: 3 })
    .deadLetter(sent, begun + 303);
  return sent;
}

describe('a dead letter that comes again', () => {
  it('begins its attempts anew, and all promises hold for it as for one that was just sent', () => {
    const run = new RunBuilder();
    const sent = exhausted(run, 'x');
    run
      .redriven(sent, AGAIN)
      .call(sent, AGAIN + 10, 'failed', { attempt: 1, redelivered: true })
      .call(sent, AGAIN + 111, 'succeeded', { attempt: 2 });
    expect(run.brokenInLives(AGAIN)).toEqual([[], []]);
  });

  it('is lost if it has no end then', () => {
    const run = new RunBuilder();
    const sent = exhausted(run, 'x');
    run.redriven(sent, AGAIN).call(sent, AGAIN + 10, 'failed', { attempt: 1, redelivered: true });
    expect(run.brokenInLives(AGAIN)).toEqual([[], ['no loss']]);
  });

  it('may fail for good again', () => {
    const run = new RunBuilder();
    const sent = exhausted(run, 'x');
    run
      .redriven(sent, AGAIN)
      .call(sent, AGAIN + 10, 'failed', { redelivered: true })
      .deadLetter(sent, AGAIN + 20, 'fatal');
    expect(run.brokenInLives(AGAIN)).toEqual([[], []]);
  });

  it('is not overtaken by a later one of its key', () => {
    const run = new RunBuilder();
    const [first, second] = [exhausted(run, 'x'), exhausted(run, 'x')];
    run
      .redriven(first, AGAIN)
      .redriven(second, AGAIN)
      .call(second, AGAIN + 10, 'succeeded', { redelivered: true })
      .call(first, AGAIN + 20, 'succeeded', { redelivered: true });
    expect(run.brokenInLives(AGAIN)).toEqual([[], ['order']]);
  });

  it('does so once, and is not left out', () => {
    const run = new RunBuilder();
    const [twice, never] = [exhausted(run, 'x'), exhausted(run, 'y')];
    const innocent = run.order('z');
    run
      .call(innocent, 5, 'succeeded')
      .redriven(twice, AGAIN)
      .redriven(twice, AGAIN + 1)
      .redriven(innocent, AGAIN)
      .call(twice, AGAIN + 10, 'succeeded', { redelivered: true })
      .call(innocent, AGAIN + 10, 'succeeded', { redelivered: true });
    expect(run.brokenInLives(AGAIN)).toEqual([[], ['redriven', 'redriven', 'redriven']]);
    expect(never.key).toBe('y');
  });

  it('may come once more by another job, when Redis has lost the first with what it had done', () => {
    const lives = (again: number): string[][] => {
      const run = new RunBuilder();
      const sent = exhausted(run, 'x');
      run
        .fault('all-gone', AGAIN, { until: AGAIN + 5 })
        .redriven(sent, AGAIN, 'first')
        .call(sent, AGAIN + 10_000, 'succeeded', { redelivered: true })
        .recorded(sent, AGAIN + 10_002)
        .redriven(sent, again, 'second')
        .call(sent, AGAIN + 11_000, 'succeeded', { redelivered: true });
      return run.brokenInLives(AGAIN);
    };
    expect(lives(AGAIN + 10_900)).toEqual([[], []]);
    expect(lives(AGAIN + 5_000)).toEqual([[], ['recorded']]);
  });

  it('leaves what had its end in peace', () => {
    const run = new RunBuilder();
    const done = run.order('z');
    run.call(done, 5, 'succeeded').call(done, AGAIN + 5, 'succeeded', { redelivered: true });
    expect(run.brokenInLives(AGAIN)).toEqual([[], ['never more']]);
  });
});
