import { describe, expect, it } from '@jest/globals';
import { policies, RunBuilder } from './run-builder.ts';
import { delayAfter } from '../../../faults/checker/attempts.ts';

function failedOnce(options: { ms?: number } = {}) {
  const run = new RunBuilder();
  const message = run.order('x');
  run.call(message, 10, 'failed', options);
  return { run, message };
}

describe('a retry', () => {
  it('is early before failure and backoff, of its own attempt', () => {
    const { run, message } = failedOnce();
    run.call(message, 110, 'failed', { attempt: 2 }).call(message, 311, 'succeeded', { attempt: 3 });
    expect(run.broken).toEqual(['never early']);
    const later = failedOnce();
    later.run.call(later.message, 111, 'failed', { attempt: 2 });
    later.run.call(later.message, 311, 'succeeded', { attempt: 3 });
    expect(later.run.broken).toEqual(['never early']);
  });

  it('is not early in the same ms as failure and backoff', () => {
    const { run, message } = failedOnce();
    run.call(message, 111, 'failed', { attempt: 2 }).call(message, 312, 'succeeded', { attempt: 3 });
    expect(run.broken).toEqual([]);
    expect(run.notesOf('never early')[0]).toMatch('max 0 ms');
  });

  it('is measured from the end of the call that failed', () => {
    const { run, message } = failedOnce({ ms: 50 });
    run.call(message, 159, 'succeeded', { attempt: 2 });
    expect(run.broken).toEqual(['never early']);
  });

  it('is measured from the first failure of an attempt that a crash repeated', () => {
    const { run, message } = failedOnce();
    run.fault('consumer-killed', 12, { target: 'consumer-1' });
    run
      .call(message, 50, 'failed', { consumer: 'consumer-2.1' })
      .call(message, 111, 'succeeded', { attempt: 2 });
    expect(run.broken).toEqual([]);
  });

  it('waits no longer than the longest backoff', () => {
    expect([1, 2, 3, 4, 5, 6].map((attempt) => delayAfter(attempt, policies[0]!))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
  });
});

describe('an attempt', () => {
  it('is invented where the one before was not made, or did not fail', () => {
    const { run, message } = failedOnce();
    run.call(message, 900, 'succeeded', { attempt: 3 });
    expect(run.broken).toEqual(['attempts']);
    const follower = new RunBuilder();
    follower.call(follower.order('x'), 10, 'succeeded', { attempt: 2 });
    expect(follower.broken).toEqual(['attempts']);
    const cutOff = new RunBuilder();
    const message2 = cutOff.order('x');
    cutOff.call(message2, 10, 'unknown').fault('consumer-killed', 12, { target: 'consumer-1' });
    cutOff.call(message2, 900, 'succeeded', { attempt: 2, consumer: 'consumer-2.1' });
    expect(cutOff.broken).toEqual(['attempts']);
  });

  it('may be repeated', () => {
    const { run, message } = failedOnce();
    run.fault('redis-killed', 111, { until: 150 }).call(message, 111, 'failed', { attempt: 2 });
    run.call(message, 200, 'failed', { attempt: 2 }).call(message, 401, 'succeeded', { attempt: 3 });
    expect(run.broken).toEqual([]);
  });

  it('is one too many after the last', () => {
    const { run, message } = failedOnce();
    run.call(message, 111, 'failed', { attempt: 2 }).call(message, 312, 'failed', { attempt: 3 });
    run.call(message, 713, 'succeeded', { attempt: 4 });
    expect(run.broken).toEqual(['attempts']);
  });

  it('of a fresh record is the first', () => {
    const { run, message } = failedOnce();
    run.call(message, 111, 'succeeded', { attempt: 2, redelivered: false });
    expect(run.broken).toEqual(['attempts']);
  });
});

describe('what is exhausted', () => {
  it('has failed in every attempt before', () => {
    const { run, message } = failedOnce();
    run.call(message, 111, 'failed', { attempt: 2 }).call(message, 312, 'failed', { attempt: 3 });
    run.deadLetter(message, 313);
    expect(run.broken).toEqual([]);
  });

  it('was given up too soon otherwise', () => {
    const { run, message } = failedOnce();
    run.call(message, 111, 'failed', { attempt: 2 }).deadLetter(message, 120);
    expect(run.broken).toEqual(['attempts']);
    const later = failedOnce();
    later.run
      .call(later.message, 111, 'failed', { attempt: 2 })
      .call(later.message, 312, 'failed', { attempt: 3 });
    later.run.deadLetter(later.message, 312);
    expect(later.run.broken).toContain('attempts');
  });
});
