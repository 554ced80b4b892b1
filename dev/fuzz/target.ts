import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { freePort } from '../stack/free-port.ts';
import { ServerProcess } from '../stack/server-process.ts';
import type { Stack } from '../stack/stack.ts';
import { Workspace } from '../stack/workspace.ts';
import { PARTITIONS, seedTopics, type TargetRoute } from './seed.ts';

const CLI = join(import.meta.dirname, '../../dist/cli.js');
const DEADLINE_MS = 60_000;

/** A service to attack, with messages that wait and messages that were given up. */
export interface Target extends AsyncDisposable {
  readonly url: string;
  readonly directory: string;
  /** Whether it still answers, and still knows its messages. */
  healthy(): Promise<boolean>;
}

const ROUTES: readonly TargetRoute[] = [
  { name: 'orders', gate: true },
  { name: 'payments', gate: false },
];

/** `token: null`: everybody may call. */
export async function startTarget(stack: Stack, name: string, token: string | null): Promise<Target> {
  const workspace = await Workspace.open();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { brokers } = stack.kafka;
  await seedTopics(brokers, name, ROUTES);

  const file = join(workspace.directory, 'service.yaml');
  const configuration = {
    kafka: { brokers, groupPrefix: `${name}-retry-orchestrator` },
    redis: { url: stack.redis.url, keyPrefix: `${name}:` },
    http: {
      host: '127.0.0.1',
      port,
      auth: token === null ? 'none' : auth(),
      limits: { callsPerMinute: 1_000_000, refusalsPerMinute: 1_000_000 },
    },
    log: { level: 'warn' },
    routes: ROUTES.map((route) => ({
      name: route.name,
      gate: route.gate,
      topic: `${name}.${route.name}`,
      consumerGroup: `${name}.${route.name}-service`,
      // So that messages wait for as long as it takes.
      backoff: { initial: '1h', max: '1h' },
    })),
  };
  await writeFile(file, stringify(configuration));
  const service = new ServerProcess(workspace, {
    name: 'service',
    command: 'env',
    args: [
      `FUZZ_TOKEN=${token ?? ''}`,
      'UV_THREADPOOL_SIZE=64',
      process.execPath,
      CLI,
      'serve',
      '--config',
      file,
    ],
    isReady: async () => (await status(`${url}/readyz`)) === 200,
    timeoutMs: DEADLINE_MS,
  });
  await service.start();
  await waitForMessages(url, token);
  return {
    url,
    directory: workspace.directory,
    healthy: async () => (await status(`${url}/readyz`)) === 200,
    [Symbol.asyncDispose]: async () => {
      await service.kill('SIGTERM');
      await workspace[Symbol.asyncDispose]();
    },
  };
}

function auth(): object {
  return { tokens: [{ name: 'fuzz', scopes: ['gate', 'operate'], env: 'FUZZ_TOKEN' }] };
}

async function status(url: string): Promise<number> {
  return fetch(url).then(
    (response) => response.status,
    () => 0,
  );
}

interface RouteFigures {
  readonly partitions: number;
  readonly totals: { readonly lockedKeys: number };
}

async function waitForMessages(url: string, token: string | null): Promise<void> {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline) {
    await sleep(100);
    const response = await fetch(`${url}/v1/routes`, { headers });
    if (response.status !== 200) continue;
    const { routes } = (await response.json()) as { routes: RouteFigures[] };
    if (routes.every(({ partitions, totals }) => partitions === PARTITIONS && totals.lockedKeys > 0)) return;
  }
  throw new Error('the service did not read the messages in time');
}
