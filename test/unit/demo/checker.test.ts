import { describe, expect, it } from '@jest/globals';
import { brokenPromises, check } from '../../../dev/demo/checker.ts';
import { RunBuilder } from './run-builder.ts';

const run = () => new RunBuilder();
const broken = (built: RunBuilder): string[] => brokenPromises(check(built.evidence));

describe('a run in which every promise is kept', () => {
  it('has failures, followers in their turn, and dead letters', () => {
    const built = run();
    const [first, second, other] = [built.order('x'), built.order('x'), built.order('y', 5)];
    const [bad, worse] = [built.order('poison'), built.order('poison')];
    built.call(first, 10, 'failed').call(other, 12, 'succeeded');
    built.call(first, 115, 'succeeded', { attempt: 2 }).recorded(first, 117);
    built.call(second, 118, 'succeeded', { redelivered: true }).recorded(second, 120);
    built
      .call(bad, 10, 'failed')
      .call(bad, 111, 'failed', { attempt: 2 })
      .call(bad, 312, 'failed', { attempt: 3 });
    built.deadLetter(bad, 320);
    built.call(worse, 330, 'failed', { redelivered: true });
    built.call(worse, 431, 'failed', { attempt: 2 }).call(worse, 632, 'failed', { attempt: 3 });
    built.deadLetter(worse, 640);
    const verdict = check(built.evidence);
    expect(brokenPromises(verdict)).toEqual([]);
    expect(verdict).toMatchObject({ messages: 5, keys: 3, keysInOrder: 3, deadLetters: 2, duplicates: [] });
    expect(verdict.lateness).toEqual({ count: 5, p50: 0, p99: 4, max: 4 });
    expect(verdict.waited).toEqual({ count: 1, p50: 7, p99: 7, max: 7 });
  });
});

describe('order', () => {
  it('is broken by a message that is handled while an earlier one of its key waits for its retry', () => {
    const built = run();
    const [first, second] = [built.order('x'), built.order('x')];
    built
      .call(first, 10, 'failed')
      .call(second, 20, 'succeeded')
      .call(first, 111, 'succeeded', { attempt: 2 });
    const verdict = check(built.evidence);
    expect(verdict.violations).toMatchObject([{ kind: 'overtook', message: second, earlier: first, at: 20 }]);
    expect(verdict.keysInOrder).toBe(0);
    expect(brokenPromises(verdict)).toEqual([
      '1 × order: x#2 (partition 0, offset 1) overtook x#1 (partition 0, offset 0)',
    ]);
  });

  it('is broken also by an attempt that fails, and by one long after', () => {
    const built = run();
    const [first, second, third] = [built.order('x'), built.order('x'), built.order('x')];
    built.call(first, 10, 'failed').call(second, 20, 'succeeded').call(third, 30, 'failed');
    built.call(first, 200, 'succeeded', { attempt: 2 }).call(third, 201, 'succeeded', { attempt: 2 });
    expect(check(built.evidence).violations).toMatchObject([
      { message: second, earlier: first },
      { message: third, earlier: first },
    ]);
  });

  it('is broken by a message that is given to a handler before an earlier one has left its own', () => {
    const built = run();
    const [first, second] = [built.order('x'), built.order('x')];
    built.call(first, 10, 'succeeded', { ms: 10 }).call(second, 19, 'succeeded');
    expect(check(built.evidence).violations).toMatchObject([{ kind: 'overtook', at: 19 }]);
  });

  it('is broken by a message that two handlers have at once', () => {
    const built = run();
    const message = built.order('x');
    built.call(message, 10, 'succeeded', { ms: 10 }).call(message, 15, 'succeeded', { consumer: 'b' });
    expect(check(built.evidence).violations).toMatchObject([{ kind: 'twice at once', at: 15 }]);
  });

  it('is broken by a follower that comes before the dead letter of its head', () => {
    const built = run();
    const [bad, worse] = [built.order('poison'), built.order('poison')];
    built
      .call(bad, 10, 'failed')
      .call(worse, 20, 'failed')
      .deadLetter(bad, 30, 'fatal')
      .deadLetter(worse, 40, 'fatal');
    expect(check(built.evidence).violations).toMatchObject([{ message: worse, earlier: bad }]);
  });

  it('does not bind messages of different keys', () => {
    const built = run();
    const [first, other] = [built.order('x'), built.order('y')];
    built
      .call(first, 10, 'failed')
      .call(other, 11, 'succeeded')
      .call(first, 111, 'succeeded', { attempt: 2 });
    expect(broken(built)).toEqual([]);
  });

  it('is kept when a killed consumer left a message in its handler and another one handles it', () => {
    const built = run();
    const [first, second] = [built.order('x'), built.order('x')];
    built.call(first, 10, 'unknown').kill('a', 15).assigned('b', 20);
    built.call(first, 25, 'succeeded', { consumer: 'b' }).call(second, 26, 'succeeded', { consumer: 'b' });
    const verdict = check(built.evidence);
    expect(brokenPromises(verdict)).toEqual([]);
    expect(verdict.duplicates).toEqual([]);
  });
});

describe('a lost message', () => {
  it('is one that nobody handled', () => {
    const built = run();
    const message = built.order('x');
    expect(check(built.evidence).lost).toMatchObject([{ sent: message }]);
    expect(broken(built)).toEqual(['1 × lost: x#1 (partition 0, offset 0)']);
  });

  it('is also one that failed and never came again, or whose handler has not ended', () => {
    const built = run();
    built.call(built.order('x'), 10, 'failed').call(built.order('y'), 10, 'unknown');
    expect(check(built.evidence).lost).toHaveLength(2);
  });
});

describe('a message that is handled again', () => {
  const handled = (more: { redelivered?: boolean } = {}) => {
    const built = run();
    const message = built.order('x');
    built.call(message, 10, 'succeeded', more);
    return { built, message };
  };
  const reasons = (built: RunBuilder): string[] =>
    check(built.evidence).duplicates.map(({ reason }) => reason);

  it('is explained by a consumer that was killed before its commit', () => {
    const { built, message } = handled();
    built.kill('a', 12).assigned('b', 15).call(message, 20, 'succeeded', { consumer: 'b' });
    expect(reasons(built)).toEqual(['uncommitted']);
    expect(broken(built)).toEqual([]);
  });

  it('is explained by a consumer that was killed before it reported a redelivery', () => {
    const { built, message } = handled({ redelivered: true });
    built.kill('a', 12).call(message, 20, 'succeeded', { consumer: 'b', redelivered: true });
    expect(reasons(built)).toEqual(['unreported']);
  });

  it('is explained by a partition that moved', () => {
    const { built, message } = handled();
    built.assigned('b', 15).call(message, 20, 'succeeded', { consumer: 'b' });
    expect(reasons(built)).toEqual(['moved']);
  });

  it('is explained by a service that was killed in between', () => {
    const { built, message } = handled({ redelivered: true });
    built.killService(12).call(message, 20, 'succeeded', { redelivered: true });
    expect(reasons(built)).toEqual(['service']);
  });

  it('breaks the promise where its success was recorded, whatever was killed', () => {
    const { built, message } = handled({ redelivered: true });
    built.recorded(message, 12).kill('a', 13).assigned('b', 14).killService(14);
    built.call(message, 20, 'succeeded', { consumer: 'b', redelivered: true });
    expect(broken(built)).toEqual([
      '1 × handled again, although its success was recorded: x#1 (partition 0, offset 0)',
    ]);
  });

  it('breaks the promise where nothing explains it', () => {
    const { built, message } = handled();
    built.kill('somebody else', 12).call(message, 20, 'succeeded');
    expect(broken(built)).toEqual(['1 × handled again, nobody knows why: x#1 (partition 0, offset 0)']);
  });

  it('breaks the promise also after its dead letter', () => {
    const built = run();
    const message = built.order('poison');
    built.call(message, 10, 'failed').deadLetter(message, 15, 'fatal').call(message, 20, 'failed');
    expect(broken(built)).toEqual(['1 × handled again, nobody knows why: poison#1 (partition 0, offset 0)']);
  });
});

describe('a retry', () => {
  it('is early when it comes before failure and backoff, of its own attempt', () => {
    const built = run();
    const [first, second] = [built.order('x'), built.order('y')];
    built.call(first, 10, 'failed').call(first, 110, 'succeeded', { attempt: 2 });
    built.call(second, 10, 'failed').call(second, 111, 'failed', { attempt: 2 });
    built.call(second, 311, 'succeeded', { attempt: 3 });
    expect(broken(built)).toEqual(['2 × early: x#1 (partition 0, offset 0) by 1 ms']);
  });

  it('is counted from the first failure of an attempt that a crash repeated', () => {
    const built = run();
    const message = built.order('x');
    built.call(message, 10, 'failed').kill('a', 12).call(message, 50, 'failed', { consumer: 'b' });
    built.call(message, 111, 'succeeded', { consumer: 'b', attempt: 2 });
    expect(broken(built)).toEqual([]);
  });

  it('must not count an attempt that nobody made', () => {
    const built = run();
    const message = built.order('x');
    built.call(message, 500, 'succeeded', { attempt: 3 });
    expect(broken(built)).toEqual(['1 × attempts counted, not made: x#1 (partition 0, offset 0)']);
  });
});

describe('a dead letter', () => {
  it('is wrong for a message that would have succeeded', () => {
    const built = run();
    const message = built.order('x');
    built.call(message, 10, 'failed').deadLetter(message, 20, 'unanswered');
    expect(broken(built)).toEqual(['1 × dead-lettered wrongly: x#1 (partition 0, offset 0)']);
  });

  it('is wrong for a message that has succeeded', () => {
    const built = run();
    const message = built.order('poison');
    built.call(message, 10, 'succeeded').deadLetter(message, 20, 'fatal');
    expect(broken(built)).toEqual(['1 × dead-lettered wrongly: poison#1 (partition 0, offset 0)']);
  });

  it('comes too soon when not all attempts were made', () => {
    const built = run();
    const message = built.order('poison');
    built.call(message, 10, 'failed').call(message, 200, 'failed', { attempt: 2 }).deadLetter(message, 210);
    expect(broken(built)).toEqual(['1 × attempts counted, not made: poison#1 (partition 0, offset 0)']);
  });

  it('that is there twice counts once', () => {
    const built = run();
    const message = built.order('poison');
    built.call(message, 10, 'failed').deadLetter(message, 20, 'fatal').deadLetter(message, 21, 'fatal');
    expect(check(built.evidence).deadLetters).toBe(1);
  });
});

describe('how long other keys waited', () => {
  it('leaves out keys that failed, and once more the partitions of a killed consumer', () => {
    const built = run();
    const [failed, behind, other] = [built.order('x'), built.order('x'), built.order('y', 5)];
    built
      .call(failed, 10, 'failed')
      .call(failed, 111, 'succeeded', { attempt: 2 })
      .call(behind, 112, 'succeeded');
    built.call(other, 9, 'succeeded').kill('a', 50);
    const { waited, waitedElsewhere } = check(built.evidence);
    expect(waited).toEqual({ count: 1, p50: 4, p99: 4, max: 4 });
    expect(waitedElsewhere.count).toBe(0);
  });
});
