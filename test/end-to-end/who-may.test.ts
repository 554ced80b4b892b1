import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Sender } from '../support/sender.ts';
import { ServiceProcess } from '../support/service-process.ts';
import { TopicReader } from '../support/topic-reader.ts';
import { createTopics } from '../support/topics.ts';
import { waitFor } from '../support/wait-for.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const id = `t${randomBytes(4).toString('hex')}`;
const KEY = 'Order-secret-123';
const TOKENS = {
  gate: randomBytes(16).toString('hex'),
  read: randomBytes(16).toString('hex'),
  operate: randomBytes(16).toString('hex'),
};

let directory: string;
let service: ServiceProcess;
let audited: TopicReader;
let sender: Sender;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'who-may-'));
  for (const [scope, token] of Object.entries(TOKENS)) await writeFile(join(directory, scope), `${token}\n`);
  const topic = `${id}.orders`;
  await createTopics(
    [topic, `${topic}.retry`, `${topic}.dlq`, `${id}.audit`].map((each) => ({ topic: each, partitions: 1 })),
  );
  sender = await Sender.open();
  await sender.send(`${topic}.retry`, {
    partition: 0,
    key: KEY,
    value: 'v',
    headers: [['x-retry-attempt', '1']],
  });
  service = await ServiceProcess.prepare({
    config: {
      kafka: { groupPrefix: id },
      redis: { keyPrefix: `${id}:` },
      http: {
        auth: {
          tokens: Object.keys(TOKENS).map((scope) => ({
            name: `may-${scope}`,
            scopes: [scope],
            file: join(directory, scope),
          })),
        },
      },
      audit: { topic: `${id}.audit` },
      routes: [
        { name: 'orders', topic, consumerGroup: `${id}-orders`, backoff: { initial: '1h', max: '1h' } },
      ],
    },
  });
  service.spawn();
  await waitFor('the service to be ready', async () => (await service.status('/readyz')) === 200, {
    state: () => service.tail(),
  });
  audited = await TopicReader.open(`${id}.audit`, 1);
});

afterAll(async () => {
  await audited[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  await sender[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function ask(method: string, path: string, token?: string, body?: object): Promise<Response> {
  return fetch(service.url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** The command line, as somebody has it. */
async function cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const argv = ['--import', 'tsx', 'src/cli.ts', ...args, '--url', service.url];
  try {
    return { code: 0, ...(await run(process.execPath, argv, { cwd: root })) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

const ACTIONS = '/v1/routes/orders/locks/actions';
const PARK = { key: KEY, action: 'park', reason: 'it loops' };

test('each may what their token says, and what they do is kept where the configuration says', async () => {
  await waitFor('the lock', async () => {
    const { locks } = (await (await ask('GET', '/v1/routes/orders/locks', TOKENS.read)).json()) as {
      locks: object[];
    };
    return locks.length === 1;
  });
  expect((await ask('GET', '/v1/routes')).status).toBe(401);
  expect((await ask('GET', '/v1/routes', TOKENS.gate)).status).toBe(403);
  const claim = { consumerId: 'c' };
  const claims = '/v1/routes/orders/partitions/0/claims';
  expect((await ask('POST', claims, TOKENS.read, claim)).status).toBe(403);
  expect((await ask('POST', claims, TOKENS.gate, claim)).status).toBe(201);
  expect((await ask('POST', ACTIONS, TOKENS.read, PARK)).status).toBe(403);
  expect((await ask('POST', ACTIONS, TOKENS.operate, PARK)).status).toBe(200);

  const { deeds } = await waitFor('the audit', async () => {
    const trail = (await (await ask('GET', '/v1/audit', TOKENS.operate)).json()) as { deeds: object[] };
    return trail.deeds.length === 2 && trail;
  });
  expect(deeds).toMatchObject([
    {
      who: 'may-operate',
      action: 'park',
      route: 'orders',
      target: { key: KEY, partition: 0 },
      reason: 'it loops',
    },
    {
      who: 'may-read',
      action: `POST ${ACTIONS.replace('orders', ':route')}`,
      result: { refused: 'FORBIDDEN' },
    },
  ]);
  const written = await audited.atLeast(2, 'deed');
  expect(
    written.map(({ key, value }) => [key?.toString(), (JSON.parse(String(value)) as { who: string }).who]),
  ).toEqual([
    ['orders', 'may-read'],
    ['orders', 'may-operate'],
  ]);

  const log = await service.output();
  for (const secret of [KEY, ...Object.values(TOKENS)]) expect(log).not.toContain(secret);
  expect(await service.logged('audit')).toHaveLength(2);
  expect(await service.logged('no_authentication')).toEqual([]);
});

test('a token that is replaced in its file is good at once, and the one before no longer', async () => {
  const next = randomBytes(16).toString('hex');
  await writeFile(join(directory, 'read'), next);
  // Unknown tokens make the files be read again, once a second at most.
  await waitFor('the new token', async () => (await ask('GET', '/v1/routes', next)).status === 200);
  expect((await ask('GET', '/v1/routes', TOKENS.read)).status).toBe(401);
});

test('the command line says who may not, and works for those who may', async () => {
  const file = join(directory, 'operate');
  const [refused, routes, unlocked] = await Promise.all([
    cli('routes'),
    cli('routes', '--token-file', file, '--json'),
    cli('retry-now', 'Order-9', '--reason', 'r', '--token-file', file),
  ]);
  expect([refused.code, refused.stderr]).toEqual([
    4,
    expect.stringContaining('Give a token by --token-file'),
  ]);
  expect(routes.code).toBe(0);
  expect(JSON.parse(routes.stdout)).toMatchObject({
    routes: [{ name: 'orders', totals: { lockedKeys: 1 } }],
  });
  expect([unlocked.code, unlocked.stderr]).toEqual([5, 'retry-orchestrator: the key is not locked\n']);
});
