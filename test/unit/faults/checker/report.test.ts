import { describe, expect, it } from '@jest/globals';
import { report } from '../../../faults/checker.ts';
import { RunBuilder } from './run-builder.ts';

describe('the report', () => {
  it('has a line for each promise', () => {
    const run = new RunBuilder();
    run.call(run.order('x'), 1, 'succeeded');
    const text = report(run.verdict);
    expect(text).toMatch(/^ {2}order of a key +1 calls of 1 keys +kept$/m);
    expect(text).toMatch(/^ {2}nothing is lost +1 messages +kept$/m);
    expect(text).toMatch(/Every promise was kept\.$/);
  });

  it('tells of the first violations: messages, their calls, and the faults near', () => {
    const run = new RunBuilder();
    const [first, second] = [run.order('x'), run.order('x')];
    run.call(first, 10, 'failed').call(second, 20, 'succeeded').call(first, 111, 'succeeded', { attempt: 2 });
    run.recorded(first, 112).fault('redis-killed', 15, { target: 'redis', until: 900 });
    run.fault('clock-jumped', 100_000, { target: 'service-1' });
    const text = report(run.verdict);
    expect(text).toContain('1 VIOLATIONS');
    expect(text).toContain(
      'gated x#2 (partition 0, offset 1) was given to consumer-1.1 while gated x#1 (partition 0, offset 0) was unresolved',
    );
    expect(text).toContain('0.010 s – 0.011 s  consumer-1.1  attempt 1, fresh: failed');
    expect(text).toContain('0.112 s  recorded');
    expect(text).toContain('faults: redis-killed redis 0.015 s – 0.900 s');
    expect(text).not.toContain('clock-jumped');
    expect(text).toMatch(/1 violations\.$/);
  });
});
