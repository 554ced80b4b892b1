import { expect, test } from '@jest/globals';
import type { Payload } from '../../../src/penalty-box/payload.ts';
import type { Content } from '../../../src/redelivery/content.ts';
import { ReadJob } from '../../../src/redelivery/read-job.ts';

const STORED: Payload = {
  ...{ origin: { topic: 'orders', partition: 0, offset: 5 }, originTimestamp: 1, key: null, value: null },
  ...{ valueAtOrigin: false, redrive: '', leftOut: 5, headers: [], errorClass: 'Error', errorMessage: 'no' },
};
const WHOLE: Payload = { ...STORED, leftOut: null, value: Buffer.from('value') };

/** A job whose reads the test answers, one after another. */
function world(given: { front?: boolean; parks?: boolean; bare?: boolean; reads?: boolean } = {}) {
  const state = { front: true, parks: true, bare: false, reads: true, lent: 0, ...given };
  const seen: string[] = [];
  const reads: { resolve: (content: Content) => void; reject: (error: Error) => void }[] = [];
  const job = new ReadJob({
    read: state.reads
      ? () => new Promise<Content>((resolve, reject) => reads.push({ resolve, reject }))
      : null,
    payload: STORED,
    onChange: () => seen.push('changed'),
    isFront: () => state.front,
    publish: ({ value }, lease) => {
      seen.push(`published ${value?.toString() ?? 'nothing'}`);
      lease?.end();
    },
    goesBare: () => state.bare,
    onDelayed: (error) => seen.push(`delayed: ${(error as Error).message}`),
    onLeft: () => seen.push('left'),
  });
  const whole = (): Content => {
    state.lent++;
    const lease = { park: () => state.parks, end: () => (state.lent -= 1) };
    return { kind: 'whole', payload: WHOLE, lease };
  };
  /** Answers the oldest read that is under way. */
  const answer = async (content: Content | Error): Promise<void> => {
    const read = reads.shift();
    if (content instanceof Error) read?.reject(content);
    else read?.resolve(content);
    await new Promise(setImmediate);
  };
  return { state, seen, reads, job, whole, answer };
}

test('what is read is published when its turn has come, once', async () => {
  const { job, seen, answer, whole, state } = world();
  expect(job.state).toBe('waiting');
  await answer(whole());
  expect([job.state, seen]).toEqual(['ready', ['changed']]);
  job.go();
  job.go();
  job.leave();
  expect([seen, state.lent]).toEqual([['changed', 'published value'], 0]);
});

test('where nothing is to be read it is ready at once, with what Redis has', () => {
  const { job, seen, reads } = world({ reads: false });
  expect([job.state, reads]).toEqual(['ready', []]);
  job.go();
  expect(seen).toEqual(['published nothing']);
});

test('read before its turn it is kept while there is room, and says nothing', async () => {
  const { job, seen, answer, whole, state } = world({ front: false });
  await answer(whole());
  expect([job.state, seen, state.lent]).toEqual(['ready', [], 1]);
});

test('read before its turn without room it is let go, and read again in its turn', async () => {
  const { job, seen, answer, whole, state, reads } = world({ front: false, parks: false });
  await answer(whole());
  expect([job.state, seen, state.lent]).toEqual(['waiting', [], 0]);
  state.front = true;
  job.hurry();
  job.hurry();
  expect(reads).toHaveLength(1);
  await answer(whole());
  job.go();
  expect(seen).toEqual(['changed', 'published value']);
});

test('what Kafka does not have any more goes without its value, where it goes to the dead-letter topic', async () => {
  const bare = world({ bare: true });
  await bare.answer({ kind: 'gone' });
  bare.job.go();
  expect(bare.seen).toEqual(['changed', 'published nothing']);
  const over = world({ bare: false });
  await over.answer({ kind: 'gone' });
  expect([over.job.state, over.seen]).toEqual(['gone', ['changed']]);
});

test('where Kafka does not answer it does not go, and says why', async () => {
  const { job, seen, answer } = world();
  await answer(new Error('no answer'));
  expect([job.state, seen]).toEqual(['gone', ['delayed: no answer', 'changed']]);
});

test.each(['with what was read', 'while it is read', 'while a read fails'])(
  'it leaves once %s, and keeps nothing',
  async (when) => {
    const { job, seen, answer, whole, state } = world({ front: false });
    if (when === 'with what was read') await answer(whole());
    job.leave();
    job.leave();
    if (when === 'while it is read') await answer(whole());
    if (when === 'while a read fails') await answer(new Error('no answer'));
    expect([job.state, seen, state.lent]).toEqual(['gone', ['left'], 0]);
  },
);
