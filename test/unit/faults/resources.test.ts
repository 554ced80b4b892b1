import { describe, expect, it } from '@jest/globals';
import { Resources } from '../../faults/nemesis/resources.ts';

/** Work that goes on until it is told to end. */
function work(name: string, log: string[]) {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const run = async (): Promise<void> => {
    log.push(`${name} begins`);
    await ended;
    log.push(`${name} ends`);
  };
  return { run, end };
}

describe('resources', () => {
  it('are held by one at a time, in the order of coming', async () => {
    const log: string[] = [];
    const resources = new Resources();
    const [first, second] = [work('first', log), work('second', log)];
    const both = [resources.holding(['a', 'b'], first.run), resources.holding(['b', 'c'], second.run)];
    second.end();
    first.end();
    await Promise.all(both);
    expect(log).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  });

  it('that differ are held at once', async () => {
    const log: string[] = [];
    const resources = new Resources();
    const [first, second] = [work('first', log), work('second', log)];
    const waiting = resources.holding(['a'], first.run);
    second.end();
    await resources.holding(['b'], second.run);
    expect(log).toContain('second ends');
    expect(log).not.toContain('first ends');
    first.end();
    await waiting;
  });

  it('are free again after work that failed, which is told', async () => {
    const resources = new Resources();
    const failing = resources.holding(['a'], () => Promise.reject(new Error('no')));
    const log: string[] = [];
    const next = work('next', log);
    next.end();
    const after = resources.holding(['a'], next.run);
    await expect(failing).rejects.toThrow('no');
    await after;
    expect(log).toEqual(['next begins', 'next ends']);
  });
});
