import { expect, test } from '@jest/globals';
import { briefly } from '../../../src/kafka/briefly.ts';

/** A view that counts how often it was closed. */
function aView() {
  const view = {
    closed: 0,
    close: async () => {
      view.closed++;
    },
  };
  return view;
}

const { signal } = new AbortController();

test.each([
  ['answers', async () => 7, { status: 'fulfilled', value: 7 }],
  ['fails', () => Promise.reject(new Error('silent')), { status: 'rejected' }],
])('a view is closed, once, when the look %s', async (_, look, outcome) => {
  const view = aView();
  await expect(Promise.allSettled([briefly(view, look, signal)])).resolves.toMatchObject([outcome]);
  expect(view.closed).toBe(1);
});

test('a look that is aborted closes the view at once, and only once', async () => {
  const [view, abort] = [aView(), new AbortController()];
  let fail: (error: Error) => void = () => undefined;
  const looking = briefly(view, () => new Promise((_resolve, reject) => (fail = reject)), abort.signal);
  abort.abort(new Error('stopped'));
  expect(view.closed).toBe(1);
  fail(new Error('closed'));
  await expect(looking).rejects.toThrow('closed');
  expect(view.closed).toBe(1);
});

test('nothing is asked of a view that comes too late, and it is closed', async () => {
  const view = aView();
  let asked = false;
  const look = async (): Promise<void> => {
    asked = true;
  };
  await expect(briefly(view, look, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  expect([asked, view.closed]).toEqual([false, 1]);
});
