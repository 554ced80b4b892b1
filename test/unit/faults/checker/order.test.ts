import { describe, expect, it } from '@jest/globals';
import { RunBuilder } from './run-builder.ts';

const [A, B] = ['consumer-1.1', 'consumer-2.1'];

function twoOf(mode: 'gated' | 'ungated' | 'unordered' = 'gated') {
  const run = new RunBuilder(mode);
  return { run, first: run.order('x'), second: run.order('x') };
}

describe('the order of a gated key', () => {
  it('is kept by followers that wait for success or dead letter', () => {
    const { run, first, second } = twoOf();
    const third = run.order('x');
    run.call(first, 10, 'failed').call(first, 111, 'failed', { attempt: 2 });
    run.call(first, 312, 'failed', { attempt: 3 }).deadLetter(first, 320);
    run.call(second, 320, 'failed', { redelivered: true }).call(second, 421, 'succeeded', { attempt: 2 });
    run.call(third, 422, 'succeeded', { redelivered: true });
    expect(run.broken).toEqual([]);
    expect(run.notesOf('order')[0]).toMatch('1 of 1 gated keys');
  });

  it('is broken by a message that is handled while an earlier one waits, however it ends', () => {
    const { run, first, second } = twoOf();
    run.call(first, 10, 'failed').call(second, 20, 'failed').call(first, 111, 'succeeded', { attempt: 2 });
    run.call(second, 121, 'succeeded', { attempt: 2 });
    expect(run.broken).toEqual(['order']);
    expect(run.notesOf('order')[0]).toMatch('1 of 1 gated keys');
  });

  it('is broken by a message far behind one that waits', () => {
    const { run, first, second } = twoOf();
    const third = run.order('x');
    run.call(first, 10, 'failed').call(first, 300, 'succeeded', { attempt: 2 });
    run.call(second, 301, 'succeeded').call(third, 299, 'succeeded');
    expect(run.broken).toEqual(['order']);
  });

  it('is broken by a message that is handled before an earlier one has come at all', () => {
    const { run, first, second } = twoOf();
    run.call(second, 10, 'succeeded').call(first, 12, 'succeeded');
    expect(run.broken).toEqual(['order']);
  });

  it('is broken by a message that comes before the dead letter', () => {
    const { run, first, second } = twoOf();
    run.call(first, 10, 'failed').deadLetter(first, 20, 'fatal').call(second, 19, 'succeeded');
    expect(run.broken).toEqual(['order']);
  });

  it('does not bind different keys, nor routes without order', () => {
    const { run, first } = twoOf();
    const other = run.order('y');
    run.call(first, 10, 'failed').call(other, 11, 'succeeded');
    const free = twoOf('unordered');
    free.run.call(free.first, 10, 'failed').call(free.second, 11, 'succeeded');
    for (const { broken } of [run, free.run]) expect(broken).not.toContain('order');
  });
});

describe('two calls at once', () => {
  it('break the order where an earlier message, or the same, is still in the handler', () => {
    const { run, first, second } = twoOf();
    run.call(first, 10, 'succeeded').call(first, 12, 'succeeded', { ms: 10 }).call(second, 21, 'succeeded');
    expect(run.broken).toContain('order');
    const again = twoOf();
    again.run.call(again.first, 10, 'unknown').call(again.first, 20, 'succeeded');
    expect(again.run.broken).toContain('order');
  });

  it('do not where the first had just ended', () => {
    const { run, first, second } = twoOf();
    run.call(first, 10, 'succeeded', { ms: 10 }).call(second, 20, 'succeeded');
    expect(run.broken).toEqual([]);
  });

  it('do not where the first was in the hands of a consumer that was killed, but do until then', () => {
    const killed = (begun: number) => {
      const { run, first, second } = twoOf();
      run.call(first, 10, 'unknown').fault('consumer-killed', 15, { target: 'consumer-1', until: 50 });
      run
        .call(first, begun, 'succeeded', { consumer: B })
        .call(second, begun + 1, 'succeeded', { consumer: B });
      return run.broken;
    };
    expect(killed(16)).toEqual([]);
    expect(killed(14)).toContain('order');
  });

  it('are not excused by the death of another consumer, nor by an earlier life of its own', () => {
    const { run, first } = twoOf();
    run.fault('consumer-killed', 15, { target: 'consumer-3' });
    run.call(first, 10, 'unknown').call(first, 20, 'succeeded', { consumer: B });
    expect(run.broken).toContain('order');
    const later = twoOf();
    later.run.fault('consumer-killed', 5, { target: 'consumer-1' });
    later.run.call(later.first, 10, 'unknown').call(later.first, 20, 'succeeded', { consumer: B });
    expect(later.run.broken).toContain('order');
  });

  it('are excused where the partition passed on meanwhile: a handler can not be stopped', () => {
    const { run, first, second } = twoOf();
    run.assigned(A, 0).call(first, 10, 'succeeded', { ms: 100 }).assigned(B, 50);
    run.call(first, 60, 'succeeded', { consumer: B }).call(second, 62, 'succeeded', { consumer: B });
    run.recorded(second, 63);
    expect(run.broken).toEqual([]);
  });

  it('are not excused where it passed on before', () => {
    const { run, first } = twoOf();
    run.assigned(A, 0).revoked(A, 4).assigned(B, 5).call(first, 10, 'succeeded', { ms: 100 });
    run.call(first, 60, 'succeeded', { consumer: B });
    expect(run.broken).toContain('order');
  });
});

describe('a consumer that lost its partition', () => {
  const lost = ({ redelivered = false, revoked = false, back = false } = {}) => {
    const { run, first, second } = twoOf();
    run.assigned(A, 0).assigned(B, 5);
    if (revoked) run.revoked(A, 6);
    if (back) run.assigned(A, 7);
    run.call(first, 10, 'failed', { consumer: B });
    run.call(second, 20, 'succeeded', { consumer: A, redelivered });
    run.call(first, 120, 'succeeded', { consumer: B, attempt: 2 });
    return run;
  };

  it('may handle what it had fetched of unlocked keys as long as it does not know', () => {
    const run = lost();
    expect(run.broken).toEqual([]);
    expect(run.notesOf('order')[1]).toMatch('did not know: 1');
  });

  it.each([{ redelivered: true }, { revoked: true }, { back: true }])('but not %j', (how) => {
    expect(lost(how).broken).toEqual(['order']);
  });

  it('excuses nobody else', () => {
    const { run, first, second } = twoOf();
    run.assigned(A, 0).assigned(B, 5).call(first, 10, 'failed', { consumer: A });
    run.call(second, 20, 'succeeded', { consumer: B });
    expect(run.broken).toContain('order');
  });

  it('resolves a message by its success', () => {
    const { run, first, second } = twoOf();
    run.assigned(A, 0).assigned(B, 5).call(first, 10, 'succeeded', { consumer: A });
    run.call(second, 20, 'succeeded', { consumer: B });
    expect(run.broken).toEqual([]);
  });
});

describe('without the gate', () => {
  it('retried messages of a key keep their order', () => {
    const { run, first, second } = twoOf('ungated');
    run.call(first, 10, 'failed').call(second, 20, 'failed');
    run.call(first, 111, 'succeeded', { attempt: 2 }).call(second, 121, 'succeeded', { attempt: 2 });
    expect(run.broken).toEqual([]);
  });

  it('a retry that overtakes an earlier one that failed breaks it', () => {
    const { run, first, second } = twoOf('ungated');
    run.call(first, 10, 'failed').call(second, 20, 'failed');
    run.call(second, 121, 'succeeded', { attempt: 2 }).call(first, 130, 'succeeded', { attempt: 2 });
    expect(run.broken).toEqual(['order']);
  });

  it('fresh messages are not held back', () => {
    const { run, first, second } = twoOf('ungated');
    run.call(first, 10, 'failed').call(second, 20, 'succeeded').call(first, 111, 'succeeded', { attempt: 2 });
    expect(run.broken).toEqual([]);
  });

  it('two retries at once break it, a fresh one beside them does not', () => {
    const { run, first, second } = twoOf('ungated');
    run.call(first, 10, 'failed').call(second, 11, 'succeeded');
    run.call(first, 111, 'succeeded', { attempt: 2, ms: 10 }).call(second, 115, 'succeeded');
    expect(run.broken).not.toContain('order');
    run.call(first, 116, 'succeeded', { attempt: 2 });
    expect(run.broken).toContain('order');
  });
});
