import { describe, expect, test } from '@jest/globals';
import { brokenPromises, type ExampleRun } from '../../support/example-verdict.ts';
import type { HandlerCall, SentEvent } from '../../support/handler-calls.ts';

const FAILING: SentEvent[] = [0, 1, 2].map((seq) => ({
  ...{ order: 'order-5', seq, partition: 1, offset: 10 + seq },
}));
const OTHER: SentEvent = { order: 'order-6', seq: 0, partition: 1, offset: 20 };
const [first, second, third] = FAILING as [SentEvent, SentEvent, SentEvent];

const ok = (event: SentEvent, attempt = 1): HandlerCall => ({ ...event, attempt, result: 'succeeded' });
const failed = (event: SentEvent, attempt = 1): HandlerCall => ({ ...event, attempt, result: 'failed' });
const run = (calls: readonly HandlerCall[], ends: readonly string[] = ['exit 0']): ExampleRun => ({
  ...{ sent: [...FAILING, OTHER], calls, ends },
});

const KEPT = [failed(first), ok(OTHER), failed(first, 2), ok(first, 3), ok(second), ok(third)];

describe('brokenPromises', () => {
  test('finds nothing where followers wait for the failed event and others do not', () => {
    expect(brokenPromises(run(KEPT), 'gate')).toEqual([]);
  });

  test('lets a call be repeated, by whatever instance, once all before it have succeeded', () => {
    const again = [...KEPT, ok(first, 3), ok(second), failed(first, 2)];
    expect(brokenPromises(run(again), 'gate')).toEqual([]);
  });

  test('sees a follower that was handled while the event before it had only failed', () => {
    const calls = [failed(first), ok(second), ok(OTHER), failed(first, 2), ok(first, 3), ok(third)];
    expect(brokenPromises(run(calls), 'gate')).toEqual([
      'order-5#1 (call 2) was handled before order-5#0 had succeeded',
    ]);
    // Without a gate nobody has promised otherwise.
    expect(brokenPromises(run(calls), 'without gate')).toEqual([]);
  });

  test('sees a follower that was handled before the event before it had come at all', () => {
    const calls = [ok(third), ...KEPT];
    expect(brokenPromises(run(calls), 'gate')).toEqual([
      'order-5#2 (call 1) was handled before order-5#0, order-5#1 had succeeded',
    ]);
  });

  test('sees what never succeeded', () => {
    expect(brokenPromises(run(KEPT.slice(0, -1)), 'gate')).toEqual(['order-5#2 is lost']);
  });

  test('sees calls under another place than the origin', () => {
    const moved = KEPT.map((call) => (call.attempt === 3 ? { ...call, offset: 99 } : call));
    expect(brokenPromises(run(moved), 'gate')).toEqual(['order-5#0 is at 1@10, not at 1@99']);
  });

  test('sees a warehouse that does not fail', () => {
    const calls = [ok(first), ok(second), ok(third), ok(OTHER)];
    expect(brokenPromises(run(calls), 'gate')).toEqual([
      'order-5#0, attempt 1, must not have succeeded',
      'order-5#0 had the attempts 1 instead of 1,2,3',
    ]);
  });

  test('sees a follower that used up attempts while it waited', () => {
    const calls = KEPT.map((call) => (call.seq === 2 ? ok(third, 2) : call));
    expect(brokenPromises(run(calls), 'gate')).toEqual(['order-5#2 had the attempts 2 instead of 1']);
  });

  test('sees instances that did not end well', () => {
    expect(brokenPromises(run(KEPT, ['exit 0', 'exit 1', 'SIGTERM']), 'gate')).toEqual([
      'an instance ended with exit 1',
      'an instance ended with SIGTERM',
    ]);
  });
});
