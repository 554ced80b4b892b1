import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Progress, UNTOUCHED } from '../../../src/redrive/progress.ts';
import { type Answer, Api, TestDesk } from '../../support/api.ts';
import { RedriveDeskOnRedis } from '../../support/redrive-desk.ts';

let on: RedriveDeskOnRedis;
beforeAll(async () => (on = await RedriveDeskOnRedis.open()));
afterEach(() => on.flush());
afterAll(() => on[Symbol.asyncDispose]());

const PATH = '/v1/routes/orders/redrives';

function open(allowEdit = false): Api {
  const desk = new TestDesk({ deadLetters: { ...new TestDesk({}).config.deadLetters, allowEdit } });
  desk.redrives = on.desk;
  return new Api([desk], on.clock);
}

function create(api: Api, body: object, key?: string): Promise<Answer> {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  return api.ask({ method: 'POST', url: PATH, headers, payload: { reason: 'mended', ...body } });
}

test('a redrive as it is created, listed and looked at', async () => {
  await using api = open();
  const filter = { key: 'Order-1', reason: 'exhausted', error: 'timed out', from: 5 };
  const created = await create(api, { filter, maxPerSecond: 500 });
  const expected = {
    ...{ id: 'r-1', route: 'orders', state: 'running', who: 'anonymous', reason: 'mended' },
    ...{ createdAt: on.clock.now(), startedAt: null, finishedAt: null },
    ...{ positions: null, filter, all: false, dryRun: false, edited: false, maxPerSecond: 500 },
    cutoff: [
      { partition: 0, offset: 100 },
      { partition: 1, offset: 50 },
    ],
    progress: { examined: 0, total: 0, matched: 0, published: 0, skipped: 0, undeliverable: 0 },
    ...{ perSecond: 0, estimatedEnd: null, waitingFor: null, error: null, problems: [] },
  };
  expect(created).toMatchObject({ status: 201, body: expected });
  expect((await api.get(`${PATH}/r-1`)).body).toEqual(created.body);
  await on.clock.advance(5);
  await create(api, { all: true, dryRun: true });
  await on.clock.advance(5);
  await create(api, { filter: { keyBase64: '/w==', from: '1s' } });
  const { body } = await api.get(PATH);
  const redrives = body['redrives'] as Record<string, unknown>[];
  expect(redrives.map(({ id }) => id)).toEqual(['r-3', 'r-2', 'r-1']);
  expect(redrives[0]).toMatchObject({ filter: { keyBase64: '/w==', from: on.clock.now() - 1_000 } });
  expect(redrives[0]).not.toHaveProperty('problems');

  const progress: Progress = {
    ...{ ...UNTOUCHED, startedAt: 10, total: 150, examined: 50, matched: 40, published: 30, skipped: 8 },
    ...{ undeliverable: 2, perSecond: 12.345, examinedPerSecond: 20, at: 1_000 },
    ...{ problems: [{ partition: 1, offset: 3, problem: 'too large' }], waitingFor: 'Kafka' },
  };
  const epoch = (await on.store.lease('me', 1_000)) ?? '';
  await on.store.note(epoch, 'r-1', progress);
  expect((await api.get(`${PATH}/r-1`)).body).toMatchObject({
    ...{ startedAt: 10, perSecond: 12.3, estimatedEnd: 6_000, waitingFor: 'Kafka' },
    progress: { examined: 50, total: 150, matched: 40, published: 30, skipped: 8, undeliverable: 2 },
    problems: [{ partition: 1, offset: 3, problem: 'too large' }],
  });
});

test('pause, resume and cancel say whether they changed anything, and what has ended stays so', async () => {
  await using api = open();
  await create(api, { all: true });
  const { redrive } = (await on.store.get('r-4')) ?? { redrive: { id: '' } };
  const steer = async (steering: string): Promise<unknown[]> => {
    const { status, body } = await api.post(`${PATH}/${redrive.id}/${steering}`, { reason: 'why' });
    const view = body['redrive'] as { state?: string } | undefined;
    return status === 200 ? [body['outcome'], view?.state] : [status, body['code']];
  };
  expect(await steer('resume')).toEqual(['unchanged', 'running']);
  expect(await steer('pause')).toEqual(['done', 'paused']);
  expect(await steer('pause')).toEqual(['unchanged', 'paused']);
  expect(await steer('resume')).toEqual(['done', 'running']);
  expect(await steer('cancel')).toEqual(['done', 'cancelled']);
  expect(await steer('cancel')).toEqual(['unchanged', 'cancelled']);
  expect(await steer('resume')).toEqual([409, 'ENDED']);
  const deeds = api
    .logged('audit')
    .map(({ action, outcome, result }) => [action, outcome ?? (result as { outcome?: string }).outcome]);
  expect(deeds.slice(1)).toEqual([
    ['redrive-resume', 'unchanged'],
    ['redrive-pause', 'done'],
    ['redrive-pause', 'unchanged'],
    ['redrive-resume', 'done'],
    ['redrive-cancel', 'done'],
    ['redrive-cancel', 'unchanged'],
  ]);
  expect(await api.get(`${PATH}/r-none`)).toMatchObject({ status: 404, body: { code: 'UNKNOWN_REDRIVE' } });
});

test('with the same Idempotency-Key it is the same redrive, and another request may not use it', async () => {
  await using api = open();
  const first = await create(api, { all: true }, 'once');
  const second = await create(api, { all: true }, 'once');
  expect([second.status, second.body['id']]).toEqual([201, first.body['id']]);
  expect(await create(api, { all: true, dryRun: true }, 'once')).toMatchObject({ status: 400 });
  expect((await on.desk.list()).length).toBe(1);
});

const positions = [{ partition: 1, offset: 49 }];
const refused: readonly (readonly [object, RegExp])[] = [
  [{}, /one of positions, filter and all/],
  [{ all: true, positions }, /one of positions, filter and all/],
  [{ all: false }, /all/],
  [{ positions: [] }, /positions/],
  [{ positions: [{ partition: 1, offset: 50 }] }, /no dead letter in partition 1 at 50/],
  [{ positions: [{ partition: 2, offset: 0 }] }, /no dead letter in partition 2/],
  [{ filter: {} }, /filter/],
  [{ filter: { reson: 'exhausted' } }, /filter/],
  [{ filter: { from: 'yesterday' } }, /filter\.from is neither a time/],
  [{ filter: { key: 'a', keyBase64: 'YQ==' } }, /filter\.key and keyBase64/],
  [{ all: true, maxPerSecond: 0 }, /maxPerSecond/],
  [{ all: true, reason: ' ' }, /reason/],
  [{ all: true, edit: { value: 'x' } }, /exactly one position/],
  [{ positions, edit: {} }, /edit/],
  [{ positions, edit: { value: 'x', valueBase64: 'eA==' } }, /give one/],
  [{ positions, edit: { valueBase64: '%' } }, /not base64/],
  [{ positions, edit: { headers: [{ name: 'x-retry-attempt', value: '1' }] } }, /begins with x-retry-/],
  [{ positions, edit: { headers: [{ name: 'a' }] } }, /give one/],
];

test('what can not be meant is refused, with what is wrong', async () => {
  await using api = open(true);
  for (const [body, why] of refused) {
    const { status, body: answer } = await create(api, body);
    expect([status, answer['code'], body]).toEqual([400, 'INVALID', body]);
    expect(answer['message']).toMatch(why);
  }
  expect(await on.desk.list()).toEqual([]);
});

test('an edit has to be allowed, and its payload is neither shown nor recorded', async () => {
  await using forbidding = open();
  const edit = { value: 'top secret', headers: [{ name: 'a', valueBase64: 'AA==' }] };
  expect(await create(forbidding, { positions, edit })).toMatchObject({
    ...{ status: 400, body: { message: expect.stringContaining('deadLetters.allowEdit') } },
  });
  await using api = open(true);
  const created = await create(api, { positions, edit });
  expect(created).toMatchObject({ status: 201, body: { edited: true, positions: 1 } });
  expect(JSON.stringify(api.logged('audit'))).toContain('edited');
  expect(created.text + JSON.stringify(api.lines)).not.toContain('secret');
  expect(await on.store.work(String(created.body['id']))).toEqual({
    positions,
    edit: {
      value: { base64: Buffer.from('top secret').toString('base64') },
      headers: [{ name: 'a', base64: 'AA==' }],
    },
  });
});
