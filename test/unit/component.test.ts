import { expect, test } from '@jest/globals';

import { type Component, inOrder } from '../../src/component.ts';

/** A part that writes down what is done with it. */
function part(name: string, diary: string[], overrides: Partial<Component> = {}): Component {
  return {
    start: async () => {
      diary.push(`start ${name}`);
      await overrides.start?.();
    },
    stop: async () => {
      diary.push(`stop ${name}`);
      await overrides.stop?.();
    },
  };
}

test('parts start in order and stop in reverse', async () => {
  const diary: string[] = [];
  const whole = inOrder([part('a', diary), part('b', diary)]);
  await whole.start();
  await whole.stop();
  expect(diary).toEqual(['start a', 'start b', 'stop b', 'stop a']);
});

test('starting or stopping twice does it once', async () => {
  const diary: string[] = [];
  const whole = inOrder([part('a', diary)]);
  await Promise.all([whole.start(), whole.start()]);
  await Promise.all([whole.stop(), whole.stop()]);
  await whole.stop();
  expect(diary).toEqual(['start a', 'stop a']);
});

test('what was never started is not stopped, and can no longer be started', async () => {
  const diary: string[] = [];
  const whole = inOrder([part('a', diary)]);
  await whole.stop();
  await expect(whole.start()).rejects.toThrow('stopped while starting');
  expect(diary).toEqual([]);
});

test('when a part fails to start, it and those before it are stopped', async () => {
  const diary: string[] = [];
  const failure = new Error('no broker');
  const whole = inOrder([
    part('a', diary, { stop: () => Promise.reject(new Error('hidden')) }),
    part('b', diary, { start: () => Promise.reject(failure) }),
    part('c', diary),
  ]);
  await expect(whole.start()).rejects.toBe(failure);
  expect(diary).toEqual(['start a', 'start b', 'stop b', 'stop a']);
});

test('a stop reaches a part that is still starting', async () => {
  const diary: string[] = [];
  let giveUp = (): void => undefined;
  const waiting = new Promise<void>((resolve) => (giveUp = resolve));
  const whole = inOrder([
    part('a', diary, {
      start: () => waiting,
      stop: async () => {
        giveUp();
      },
    }),
    part('b', diary),
  ]);
  const started = whole.start();
  await whole.stop();
  await expect(started).rejects.toThrow('stopped while starting');
  expect(diary).toEqual(['start a', 'stop a']);
});

test('all parts are stopped, whichever fail to', async () => {
  const diary: string[] = [];
  const failing = { stop: () => Promise.reject(new Error('stuck')) };
  const whole = inOrder([part('a', diary, failing), part('b', diary, failing), part('c', diary)]);
  await whole.start();
  await expect(whole.stop()).rejects.toMatchObject({ errors: [{ message: 'stuck' }, { message: 'stuck' }] });
  expect(diary.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
});
