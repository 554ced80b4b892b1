import { describe, expect, it } from '@jest/globals';
import { RunBuilder } from './run-builder.ts';

describe('a lost message', () => {
  it('was never handled, failed and never came again, or its handler did not end', () => {
    const run = new RunBuilder();
    run.order('x');
    run.call(run.order('y'), 10, 'failed').call(run.order('z'), 10, 'unknown');
    expect(run.broken).toEqual(['no loss', 'no loss', 'no loss']);
  });

  it('is not one that succeeded once, or is a dead letter', () => {
    const run = new RunBuilder();
    const [first, second] = [run.order('x'), run.order('y')];
    run.call(first, 10, 'succeeded').call(second, 10, 'failed').deadLetter(second, 20, 'fatal');
    expect(run.broken).toEqual([]);
  });
});

describe('when all is over', () => {
  it.each([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ] as const)('%d locked keys, %d held messages, %d in flight must not remain', (...remains) => {
    expect(new RunBuilder().remains(remains).broken).toEqual(['no zombies']);
  });

  it('nothing remains', () => {
    expect(new RunBuilder().remains([0, 0, 0]).broken).toEqual([]);
  });

  it('somebody has to have looked', () => {
    expect(new RunBuilder().remains(undefined).broken).toEqual(['no zombies']);
  });
});

describe('what was never sent', () => {
  it('is neither handled nor dead-lettered', () => {
    const other = new RunBuilder();
    const [, , foreign] = [other.order('x'), other.order('x'), other.order('x')];
    const run = new RunBuilder();
    run.call(run.order('x'), 1, 'succeeded').call(foreign, 10, 'failed').deadLetter(foreign, 20, 'fatal');
    expect(run.broken).toEqual(['never more', 'never more']);
  });

  it('may be the second copy that a producer wrote, which has to keep the order as well', () => {
    const run = new RunBuilder();
    const first = run.order('x');
    const twin = run.order('y');
    const second = { ...first, offset: twin.offset };
    run.forget(twin).call(first, 1, 'succeeded').call(second, 10, 'failed');
    const next = run.order('x');
    expect(run.broken).toContain('no loss');
    run.call(second, 111, 'succeeded', { attempt: 2 }).call(next, 150, 'succeeded');
    expect(run.broken).toEqual([]);
    run.call(next, 50, 'succeeded');
    expect(run.broken).toContain('order');
  });

  it('may have been handled before its producer heard that it was written', () => {
    const run = new RunBuilder();
    run.call(run.order('x', 500), 10, 'succeeded');
    expect(run.broken).toEqual([]);
  });
});

describe('a dead letter', () => {
  const retried = () => {
    const run = new RunBuilder();
    const message = run.order('x');
    run.call(message, 10, 'failed').call(message, 111, 'succeeded', { attempt: 2 });
    return { run, message };
  };

  it('is wrong after a success that was recorded, unless Redis lost that', () => {
    const { run, message } = retried();
    run.recorded(message, 113).deadLetter(message, 200, 'fatal');
    expect(run.broken).toEqual(['never more']);
    run.fault('redis-killed', 150);
    expect(run.broken).toEqual([]);
  });

  it('is not wrong where nobody had heard of the success', () => {
    const { run, message } = retried();
    run.deadLetter(message, 200, 'fatal');
    expect(run.broken).toEqual([]);
    expect(run.notesOf('never more')).toEqual(['1 × dead-lettered after a success that was not recorded']);
  });

  it.each(['exhausted', 'fatal', 'expired'])('is wrong as %s where the message had not failed', (reason) => {
    const run = new RunBuilder();
    const message = run.order('x');
    run.deadLetter(message, 5, reason).call(message, 10, 'failed');
    expect(run.broken).toContain('never more');
  });

  it('is wrong as malformed: what was sent was not', () => {
    const run = new RunBuilder();
    const message = run.order('x');
    run.call(message, 1, 'failed').deadLetter(message, 5, 'malformed');
    expect(run.broken).toEqual(['never more']);
  });

  it('is unanswered only after as many deliveries as the policy says', () => {
    const unanswered = (deliveries: number) => {
      const run = new RunBuilder();
      const message = run.order('x');
      run.call(message, 10, 'failed');
      for (let i = 1; i <= deliveries; i++) {
        const consumer = `consumer-1.${i + 1}`;
        run.call(message, i * 1_000, 'unknown', { attempt: 2, consumer });
        run.fault('consumer-killed', i * 1_000 + 10, { target: 'consumer-1' });
      }
      return run.deadLetter(message, 9_000, 'unanswered').broken;
    };
    expect(unanswered(3)).toEqual([]);
    expect(unanswered(2)).toEqual(['never more']);
  });

  it('that is there twice counts once', () => {
    const run = new RunBuilder();
    const message = run.order('x');
    run.call(message, 10, 'failed').deadLetter(message, 20, 'fatal').deadLetter(message, 21, 'fatal');
    expect(run.broken).toEqual([]);
    expect(run.notesOf('never more')).toEqual(['1 × written twice to the dead-letter topic']);
  });
});
