import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Ran, runCommand, ScriptedApi } from '../../support/command-line.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const NOW = Date.UTC(2026, 10, 21, 18, 0, 0);
const clock = new FakeClock(NOW);
const MINUTE = 60_000;

const ORDERS = {
  name: 'orders',
  status: 'ok',
  paused: { is: false, since: null, reason: null },
  breaker: { state: 'closed', since: null, reason: null },
  totals: {
    lockedKeys: 1_234,
    heldMessages: 20_567,
    heldBytes: 9,
    inFlight: 12,
    parked: 2,
    oldestLockAgeMs: 3 * 60 * MINUTE + 20 * MINUTE,
    deadLetters: 17,
  },
  problems: [],
};

const PAYMENTS = {
  ...ORDERS,
  name: 'payments',
  status: 'degraded',
  paused: { is: true, since: NOW, reason: 'the bank is away' },
  breaker: { state: 'open', since: NOW, reason: 'by hand' },
  totals: { ...ORDERS.totals, oldestLockAgeMs: null, deadLetters: null },
  problems: ['payments.retry does not exist; create it'],
};

const ONE_ROUTE = { 'GET /v1/routes': { routes: [ORDERS] } };
const TWO_ROUTES = { 'GET /v1/routes': { routes: [ORDERS, PAYMENTS] } };
const ROUTES = { none: { 'GET /v1/routes': { routes: [] } }, one: ONE_ROUTE, two: TWO_ROUTES };

function run(
  line: string | readonly string[],
  api: ScriptedApi,
  more: { env?: Record<string, string>; typed?: string } = {},
): Promise<Ran> {
  const argv = typeof line === 'string' ? line.split(' ') : line;
  return runCommand(argv, { fetch: api.fetch, clock, ...more });
}

describe('routes', () => {
  test('shows figures and what is wrong', async () => {
    const { code, out, err } = await run('routes', new ScriptedApi(TWO_ROUTES));
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(
      `ROUTE     STATUS                          LOCKED  PARKED    HELD  IN FLIGHT      OLDEST  DEAD LETTERS
orders    ok                               1,234       2  20,567         12  3 h 20 min            17
payments  degraded, paused, breaker open   1,234       2  20,567         12           –             ?
payments: paused: the bank is away
payments: breaker open: by hand
payments: payments.retry does not exist; create it
`,
    );
  });

  test('is the answer itself for programs', async () => {
    const { out } = await run('routes --json', new ScriptedApi(ONE_ROUTE));
    expect(JSON.parse(out)).toEqual({ routes: [ORDERS] });
  });
});

describe('hot-keys', () => {
  const key = { key: 'Order-1', partition: 3, count: 1_200, error: 0, share: 0.8 };
  const held = { by: 'held', since: null, total: 1_500, othersAtMost: 40, without: [2], keys: [key] };

  test('shows counts, shares, and what is not known', async () => {
    const api = new ScriptedApi({ ...ONE_ROUTE, 'GET /v1/routes/orders/hot-keys': held });
    expect((await run('hot-keys --limit 1', api)).out).toBe(
      `1,500 held messages
KEY      PARTITION   HELD   SHARE
Order-1          3  1,200  80.0 %
Any other key has at most 40.
Without partitions that are being restored: 2.
`,
    );
  });

  test('by failures, a count that is not certain is a range', async () => {
    const failures = { ...held, by: 'failures', since: NOW - 6 * MINUTE, othersAtMost: 0, without: [] };
    const keys = [{ ...key, error: 30 }];
    const api = new ScriptedApi({ ...ONE_ROUTE, 'GET /v1/routes/orders/hot-keys': { ...failures, keys } });
    expect((await run('hot-keys --by failures', api)).out).toBe(
      `1,500 failures in the last 6 min
KEY      PARTITION     FAILURES   SHARE
Order-1          3  1,170–1,200  80.0 %
`,
    );
  });
});

describe('partitions', () => {
  test('shows what each holds and who works on it', async () => {
    const one = {
      ...{ partition: 0, owned: true, restored: true, lockedKeys: 3, heldMessages: 1_234, heldBytes: 9 },
      ...{ pending: 0, inFlight: 2, parked: 1, dueNow: 5, oldestLockAgeMs: 2 * MINUTE, ingestLag: 0 },
      ...{ consumerLag: null, claimant: { consumerId: 'c-1', renewedMsAgo: 10, alive: true } },
    };
    const lost = {
      ...{
        partition: 1,
        owned: false,
        restored: false,
        lockedKeys: null,
        heldMessages: null,
        heldBytes: null,
      },
      ...{
        pending: null,
        inFlight: null,
        parked: null,
        dueNow: null,
        oldestLockAgeMs: null,
        ingestLag: null,
      },
      ...{ consumerLag: 7, claimant: null },
    };
    const partitions = [one, lost];
    const api = new ScriptedApi({ ...ONE_ROUTE, 'GET /v1/routes/orders/partitions': { partitions } });
    expect((await run('partitions orders', api)).out).toBe(
      `PARTITION  STATE      LOCKED  PARKED   HELD  DUE  IN FLIGHT  OLDEST  RETRY LAG  CONSUMER LAG  CLAIMED BY
        0  ok              3       1  1,234    5          2   2 min          0             ?  c-1
        1  restoring       ?       ?      ?    ?          ?       –          ?             7  nobody
`,
    );
  });
});

describe('locks', () => {
  const lock = (more: object): object => ({
    key: 'Order-123',
    partition: 3,
    state: 'waiting',
    since: 0,
    ageMs: 12 * MINUTE,
    held: 4,
    heldBytes: 10,
    attempt: 2,
    nextAttemptAt: NOW + 4 * MINUTE,
    headOffset: 41,
    lastError: { class: 'TimeoutError', message: 'no answer' },
    ...more,
  });

  test('are a table, in which nothing of others moves the cursor', async () => {
    const page = {
      locks: [
        lock({}),
        lock({ key: undefined, keyBase64: '//4=', state: 'parked', nextAttemptAt: null, lastError: null }),
        lock({
          key: 'a\u001b[2Jb\n\u202Ec',
          nextAttemptAt: NOW - MINUTE / 2,
          lastError: { class: 'E', message: '\r\u0007' },
        }),
        lock({ key: '' }),
        lock({ key: undefined, origin: 7 }),
      ],
      cursor: null,
    };
    const { out } = await run(
      'locks',
      new ScriptedApi({ ...ONE_ROUTE, 'GET /v1/routes/orders/locks': page }),
    );
    expect(out).toBe(
      `KEY                        PARTITION  STATE    LOCKED FOR  MESSAGES  ATTEMPTS  NEXT      LAST ERROR
Order-123                          3  waiting      12 min         4         2  in 4 min  TimeoutError: no answer
base64://4=                        3  parked       12 min         4         2  –
a\\u{1b}[2Jb\\u{a}\\u{202e}c          3  waiting      12 min         4         2  30 s ago  E: \\u{d}\\u{7}
(empty)                            3  waiting      12 min         4         2  in 4 min  TimeoutError: no answer
(no key, origin 7)                 3  waiting      12 min         4         2  in 4 min  TimeoutError: no answer
`,
    );
  });

  test('are asked for page after page, up to the limit', async () => {
    let page = 0;
    const api = new ScriptedApi({
      'GET /v1/routes/orders/locks': () => ({
        locks: Array.from({ length: 2 }, () => lock({})),
        cursor: `c${++page}`,
      }),
    });
    const { out } = await run('locks orders --state parked --older-than 5m --limit 5', api);
    expect(out.split('\n').filter((line) => line.startsWith('Order-123'))).toHaveLength(6);
    expect(out).toContain('There are more: raise --limit (5).');
    expect(api.asked.map(({ path }) => path)).toEqual([
      '/v1/routes/orders/locks?state=parked&olderThan=5m&limit=5',
      '/v1/routes/orders/locks?state=parked&olderThan=5m&limit=3&cursor=c1',
      '/v1/routes/orders/locks?state=parked&olderThan=5m&limit=1&cursor=c2',
    ]);
  });
});

describe('the route may be left out where there is one', () => {
  const api = (routes: object): ScriptedApi =>
    new ScriptedApi({
      ...routes,
      'GET /v1/routes/orders/keys': {
        sentences: ['It is locked.', 'It is retried in 4 min.'],
        actions: [
          { effect: 'retries it', command: 'retry-orchestrator retry-now orders Order-123 --reason …' },
          { effect: 'parks it', command: null },
        ],
      },
    });

  test.each<[routes: keyof typeof ROUTES, argv: string[], query: string]>([
    ['one', ['explain', 'Order-123'], 'key=Order-123'],
    ['one', ['explain', 'orders', 'Order-123'], 'key=Order-123'],
    ['one', ['explain', 'orders'], 'key=orders'],
    ['one', ['explain', ''], 'key='],
    ['one', ['explain', '--origin', '7', '--partition', '2'], 'origin=7&partition=2'],
    ['two', ['explain', 'orders', '../a b&c'], 'key=..%2Fa+b%26c'],
    ['two', ['explain', 'orders', '//4=', '--base64'], 'keyBase64=%2F%2F4%3D'],
  ])('%s: %j', async (routes, argv, query) => {
    const service = api(ROUTES[routes]);
    expect(await run(argv, service)).toEqual({
      code: 0,
      out: `It is locked.
It is retried in 4 min.

What you can do:
  retry-orchestrator retry-now orders Order-123 --reason …
      retries it
`,
      err: '',
    });
    expect(service.asked.at(-1)?.path).toBe(`/v1/routes/orders/keys?${query}`);
  });

  test.each<[routes: keyof typeof ROUTES, line: string, complaint: string]>([
    ['two', 'explain Order-123', 'say which route: orders, payments'],
    ['two', 'explain orders', 'the key is missing'],
    ['two', 'locks', 'say which route: orders, payments'],
    ['one', 'retry-now --reason r', 'the key is missing'],
    ['one', 'retry-now Order-123', "required option '--reason <text>' not specified"],
    ['none', 'locks', 'the service has no route'],
    ['one', 'locks --limit many', 'whole number'],
    ['one', 'lock', "unknown command 'lock'"],
    ['one', 'bulk park --reason r', 'say which locks'],
    ['one', 'bulk explode --all --reason r', 'the action is one of retry-now'],
    ['one', 'dead-letters orders throw 3/41', 'throw is neither show nor dismiss'],
    ['one', 'dead-letters show 3', '3 is no place like 3/41'],
    ['one', 'dead-letters dismiss 3/41', 'say why, by --reason'],
    ['one', 'redrive --reason r', 'say which dead letters'],
    ['one', 'redrive 3/41 --all --reason r', 'say which dead letters'],
    ['one', 'redrive --from yesterday --reason r', '--from: yesterday is neither'],
    ['one', 'redrive watch', 'watch takes the id of one redrive'],
    ['one', 'routes --url localhost:8080', 'is not a URL like http://localhost:8080'],
    ['one', 'routes --token-file /does/not/exist', "the token file can't be read"],
  ])('with %s: `%s` is wrong usage', async (routes, line, complaint) => {
    const { code, out, err } = await run(line, new ScriptedApi(ROUTES[routes]));
    expect(err).toContain(complaint);
    expect([code, out]).toEqual([2, '']);
  });
});

describe('exit codes', () => {
  test.each([
    [400, 'INVALID', 2],
    [401, 'UNAUTHENTICATED', 4],
    [403, 'FORBIDDEN', 4],
    [404, 'UNKNOWN_LOCK', 5],
    [409, 'FENCED', 1],
    [429, 'LIMITED', 1],
    [500, 'INTERNAL', 1],
    [503, 'NOT_READY', 3],
  ])('%i %s is %i', async (status, code, exit) => {
    const api = new ScriptedApi({ 'GET /v1/audit': { status, code, message: 'because', retryable: false } });
    const ran = await run('audit', api);
    expect([ran.code, ran.out]).toEqual([exit, '']);
    expect(ran.err).toMatch(/^retry-orchestrator: because/);
  });

  test('where nobody answers it is 3, and says where it looked', async () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause: refused }));
    const env = { RETRY_ORCHESTRATOR_URL: 'http://retry.example:8080/' };
    const { code, err } = await runCommand(['routes'], { fetch, clock, env });
    expect(code).toBe(3);
    expect(err).toContain('http://retry.example:8080 does not answer (ECONNREFUSED)');
  });

  test('and where somebody else does', async () => {
    const fetch = async () => new Response('<html>', { status: 502 });
    const { code, err } = await runCommand(['routes'], { fetch, clock });
    expect([code, err]).toEqual([3, expect.stringContaining('answers 502, and not as the service does')]);
  });
});

test('the token comes from a file or from the environment, and the file wins', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'cli-'));
  const file = join(directory, 'token');
  writeFileSync(file, '# old\nold-token\n# new\nnew-token\n');
  const api = new ScriptedApi(ONE_ROUTE);
  await run('routes', api);
  await run('routes', api, { env: { RETRY_ORCHESTRATOR_TOKEN: 'of-env' } });
  await run(`routes --token-file ${file}`, api, { env: { RETRY_ORCHESTRATOR_TOKEN: 'of-env' } });
  rmSync(directory, { recursive: true });
  expect(api.asked.map(({ headers }) => headers['authorization'])).toEqual([
    undefined,
    'Bearer of-env',
    'Bearer new-token',
  ]);
});

describe('actions', () => {
  const DONE = { 'POST /v1/routes/orders/locks/actions': { outcome: 'done', entries: 3, partition: 2 } };

  test('send the key and the reason', async () => {
    const api = new ScriptedApi({ ...ONE_ROUTE, ...DONE });
    const line = ['park', 'Order-123', '--reason', 'it loops', '--partition', '2', '--idempotency-key', 'k1'];
    expect(await run(line, api)).toEqual({
      code: 0,
      out: 'Order-123 is parked (3 messages, partition 2)\n',
      err: '',
    });
    expect(api.asked.at(-1)).toMatchObject({
      body: { key: 'Order-123', partition: 2, action: 'park', reason: 'it loops' },
      headers: { 'idempotency-key': 'k1' },
    });
    await run('unpark orders //4= --base64 --reason r', api);
    await run('unpark orders --origin 7 --partition 1 --reason r', api);
    expect(api.asked.slice(-2).map(({ body }) => body)).toEqual([
      { keyBase64: '//4=', action: 'unpark', reason: 'r' },
      { origin: 7, partition: 1, action: 'unpark', reason: 'r' },
    ]);
  });

  test.each([
    ['n\n', 1, 0],
    ['y\n', 0, 1],
  ])('that destroy ask first: %j', async (typed, code, calls) => {
    const api = new ScriptedApi({ ...ONE_ROUTE, ...DONE });
    const ran = await run('discard-all orders Order-123 --reason r', api, { typed });
    expect(ran.err).toContain('discard-all Order-123 of orders? [y/N]');
    expect(ran.code).toBe(code);
    expect(api.asked.filter(({ method }) => method === 'POST')).toHaveLength(calls);
  });

  test('that destroy do not ask where that is said, nor where nobody is', async () => {
    const api = new ScriptedApi({ ...ONE_ROUTE, ...DONE });
    expect((await run('discard-all orders a --reason r --yes', api, { typed: 'n\n' })).code).toBe(0);
    expect((await run('discard-all orders a --reason r', api)).code).toBe(0);
    expect((await run('retry-now orders a --reason r', api, { typed: 'n\n' })).code).toBe(0);
  });
});

describe('bulk', () => {
  const COUNTED = {
    matched: 1_500,
    done: 0,
    unchanged: 0,
    gone: 0,
    dryRun: true,
    complete: true,
    problems: [],
  };
  const api = (done: object): ScriptedApi => {
    let calls = 0;
    return new ScriptedApi({
      ...ONE_ROUTE,
      'POST /v1/routes/orders/locks/bulk-actions': () => (calls++ === 0 ? COUNTED : done),
    });
  };

  test('counts, asks, acts once', async () => {
    const all = api({ ...COUNTED, done: 1_400, unchanged: 60, gone: 40 });
    const ran = await run('bulk orders retry-now --older-than 1h --reason fixed', all, { typed: 'y\n' });
    expect(ran.err).toContain('retry-now 1,500 locks of orders?');
    expect([ran.code, ran.out]).toEqual([
      0,
      '1,500 locks: 1,400 done, 60 were so already, 40 were unlocked meanwhile\n',
    ]);
    expect(all.asked.slice(-2)).toMatchObject([
      { body: { filter: { olderThan: '1h' }, action: 'retry-now', reason: 'fixed', dryRun: true } },
      {
        body: { filter: { olderThan: '1h' }, action: 'retry-now', reason: 'fixed' },
        headers: { 'idempotency-key': 'nonce-1' },
      },
    ]);
  });

  test('only counts in a dry run', async () => {
    const ran = await run('bulk park --all --reason r --dry-run', api({}));
    expect(ran).toEqual({ code: 0, out: 'park would take 1,500 locks of orders\n', err: '' });
  });

  test('that could not do all of it fails, and says how to go on', async () => {
    const left = { ...COUNTED, complete: false, problems: ['partition 2 is being restored: call again'] };
    const ran = await run('bulk park --all --reason r', api(left));
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('partition 2 is being restored');
    expect(ran.err).toContain('to go on, add --idempotency-key nonce-1');
  });
});

describe('redrive', () => {
  const JOB = {
    id: 'r-1',
    state: 'running',
    who: 'anne',
    reason: 'fixed',
    createdAt: NOW - MINUTE,
    dryRun: false,
    progress: { examined: 500, total: 1_000, matched: 400, published: 390, skipped: 8, undeliverable: 0 },
    perSecond: 250,
    estimatedEnd: NOW + 2_000,
    waitingFor: null,
    error: null,
    problems: [],
  };
  const over = (more: object): object => ({ ...JOB, state: 'done', estimatedEnd: null, ...more });

  function api(end: object): ScriptedApi {
    const states = [JOB, end];
    return new ScriptedApi({
      ...ONE_ROUTE,
      'POST /v1/routes/orders/redrives': JOB,
      'GET /v1/routes/orders/redrives/r-1': () => states.shift() ?? end,
      'GET /v1/routes/orders/redrives': { redrives: [over({}), JOB] },
      'POST /v1/routes/orders/redrives/r-1/pause': { outcome: 'done', redrive: { ...JOB, state: 'paused' } },
    });
  }

  /** Time passes as fast as it is waited for. */
  async function watched(line: string, service: ScriptedApi, typed?: string): Promise<Ran> {
    const passing = new FakeClock(NOW);
    const end = { reached: false };
    const ran = runCommand(line.split(' '), {
      fetch: service.fetch,
      clock: passing,
      ...(typed === undefined ? {} : { typed }),
    }).finally(() => (end.reached = true));
    while (!end.reached) await passing.advance(500);
    return ran;
  }

  test('shows how it goes, and reports', async () => {
    const service = api(over({}));
    const { code, out, err } = await watched(
      'redrive --cause exhausted --from 24h --max-per-second 250 --reason fixed',
      service,
      'y\n',
    );
    expect([code, out]).toEqual([0, 'r-1 done: 390 published, 8 passed over, 0 could not be\n']);
    expect(err).toContain('redrive the dead letters that match of orders? [y/N]');
    expect(err).toContain('████████████░░░░░░░░░░░░  50 %  390 published, 250/s');
    expect(service.asked.find(({ method }) => method === 'POST')).toMatchObject({
      body: {
        filter: { reason: 'exhausted', from: NOW - 24 * 60 * MINUTE },
        reason: 'fixed',
        maxPerSecond: 250,
      },
      headers: { 'idempotency-key': 'nonce-1' },
    });
  });

  test('that leaves something fails, and says what', async () => {
    const progress = { ...JOB.progress, undeliverable: 1 };
    const problems = [{ partition: 3, offset: 41, problem: 'too large' }];
    const { code, out, err } = await watched(
      'redrive 3/41 3/42 --reason r',
      api(over({ progress, problems })),
    );
    expect(code).toBe(1);
    expect(out).toContain('  3/41: too large\n');
    expect(err).toBe('retry-orchestrator: 1 dead letter could not be redriven\n');
    expect(
      (await watched('redrive orders watch r-1', api(over({ state: 'failed', error: 'gone' })))).err,
    ).toContain('the redrive is failed: gone');
  });

  test('goes on without us where that is wanted, and is steered by its id', async () => {
    const service = api(over({}));
    expect((await watched('redrive --all --detach --reason r', service)).out).toBe(
      'r-1 was begun; see how it goes with: redrive orders watch r-1\n',
    );
    expect(service.asked.at(-1)?.body).toEqual({ all: true, reason: 'r' });
    expect((await watched('redrive pause r-1 --reason r', service)).out).toBe('r-1 is paused\n');
    expect((await watched('redrive orders list', service)).out).toBe(
      `ID   STATE    BEGUN     WHO        DONE  PUBLISHED  FAILED  REASON
r-1  done     60 s ago  anne  500/1,000        390       0  fixed
r-1  running  60 s ago  anne  500/1,000        390       0  fixed
`,
    );
  });
});

describe('dead letters', () => {
  const LETTER = {
    partition: 3,
    offset: 41,
    key: 'Order-123',
    source: 'service',
    reason: 'exhausted',
    errorClass: 'TimeoutError',
    errorMessage: 'no answer',
    origin: { topic: 'orders', partition: 3, offset: 7 },
    attempt: 7,
    firstFailedAt: NOW - 60 * MINUTE,
    deadLetteredAt: NOW - 5 * MINUTE,
    status: 'open',
  };
  const bytes = (text: string): object => ({ size: text.length, truncated: false, base64: '', text });

  test('are a table', async () => {
    const page = {
      deadLetters: [LETTER, { ...LETTER, key: undefined, attempt: 0 }],
      cursor: null,
      complete: false,
    };
    const api = new ScriptedApi({ ...ONE_ROUTE, 'GET /v1/routes/orders/dead-letters': page });
    const { out } = await run('dead-letters --cause exhausted --status all', api);
    expect(out).toBe(
      `PLACE  KEY        GIVEN UP   CAUSE      ATTEMPTS  STATUS  ERROR
3/41   Order-123  5 min ago  exhausted         7  open    TimeoutError: no answer
3/41   (no key)   5 min ago  exhausted         ?  open    TimeoutError: no answer
The oldest are not in the list: the index has only their number.
`,
    );
    expect(api.asked.at(-1)?.path).toBe(
      '/v1/routes/orders/dead-letters?reason=exhausted&status=all&limit=50',
    );
  });

  test('are shown one by one', async () => {
    const api = new ScriptedApi({
      ...ONE_ROUTE,
      'GET /v1/routes/orders/dead-letters/3/41': {
        ...LETTER,
        headers: [{ name: 'x-trace', ...bytes('abc\u001b[2J') }],
        payload: { ...bytes('{"a":1}'), json: { a: 1 } },
      },
    });
    expect((await run('dead-letters show 3/41', api)).out).toBe(
      `place:        3/41
key:          Order-123
status:       open
cause:        exhausted
error:        TimeoutError: no answer
attempts:     7
first failed: 2026-11-21T17:00:00.000Z (60 min ago)
given up:     2026-11-21T17:55:00.000Z (5 min ago)
origin:       orders/3/7
written by:   service
headers:
  x-trace: abc\\u{1b}[2J
payload (7 bytes):
{
  "a": 1
}
`,
    );
  });

  test('are dismissed with a reason', async () => {
    const answer = { dismissed: 1, unchanged: 1, unknown: [] };
    const api = new ScriptedApi({ ...ONE_ROUTE, 'POST /v1/routes/orders/dead-letters/dismissals': answer });
    const { out } = await run('dead-letters orders dismiss 3/41 0:7 --reason known', api);
    expect(out).toBe('1 dead letter dismissed, 1 were settled already\n');
    expect(api.asked.at(-1)?.body).toEqual({
      positions: [
        { partition: 3, offset: 41 },
        { partition: 0, offset: 7 },
      ],
      reason: 'known',
    });
  });
});

test('the audit is a table', async () => {
  const deed = {
    id: '1-0',
    at: NOW - 2 * 60 * MINUTE,
    who: 'anne',
    address: '10.0.0.9',
    requestId: 'r',
    action: 'park',
    route: 'orders',
    target: { key: 'Order-123', partition: 3 },
    reason: 'it loops',
    result: { outcome: 'done', entries: 2 },
  };
  const other = {
    ...deed,
    who: 'anonymous',
    target: {},
    result: { refused: 'FORBIDDEN' },
    action: 'POST /x',
    reason: '',
  };
  const api = new ScriptedApi({ 'GET /v1/audit': { deeds: [deed, other], cursor: null } });
  const { out } = await run('audit --who anne --since 24h', api);
  expect(out).toBe(
    `WHEN     WHO                   ACTION   ROUTE   TARGET                 RESULT                  REASON
2 h ago  anne                  park     orders  Order-123 partition 3  outcome=done entries=2  it loops
2 h ago  anonymous (10.0.0.9)  POST /x  orders                         refused=FORBIDDEN
`,
  );
  expect(api.asked[0]?.path).toBe('/v1/audit?who=anne&since=24h&limit=50');
});

test('a route is paused and resumed', async () => {
  const api = new ScriptedApi({
    ...ONE_ROUTE,
    'POST /v1/routes/orders/pause': { outcome: 'done', paused: { is: true }, breaker: { state: 'closed' } },
    'POST /v1/routes/orders/breaker': {
      outcome: 'unchanged',
      paused: { is: false },
      breaker: { state: 'open' },
    },
  });
  expect((await run('pause --reason r', api)).out).toBe('orders is paused, its breaker closed\n');
  expect((await run('open-breaker orders --reason r', api)).out).toBe(
    'orders is already not paused, its breaker open\n',
  );
  expect(api.asked.at(-1)?.body).toEqual({ state: 'open', reason: 'r' });
});

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('for %s names every command and option', async (shell) => {
    const { code, out } = await run(['completion', shell], new ScriptedApi({}));
    expect(code).toBe(0);
    for (const word of ['explain', 'retry-now', 'redrive', 'max-per-second', 'token-file'])
      expect(out).toContain(word);
    if (isInstalled(shell)) {
      expect(() => execFileSync(shell, ['-n'], { input: out })).not.toThrow();
    }
  });

  test('completes in bash', async () => {
    const { out } = await run('completion bash', new ScriptedApi({}));
    const complete = (...words: string[]): string[] => {
      const script = `${out}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_retry_orchestrator; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
    };
    expect(complete('retry-orchestrator', 'dis')).toEqual(['discard-head', 'discard-all']);
    expect(complete('retry-orchestrator', 'locks', '--st')).toEqual(['--state']);
  });
});

function isInstalled(shell: string): boolean {
  try {
    execFileSync(shell, ['-c', 'true']);
    return true;
  } catch {
    return false;
  }
}
