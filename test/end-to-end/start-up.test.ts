import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startRedis } from '../../dev/stack/redis.ts';
import { Bench } from '../support/bench.ts';
import { ServiceProcess } from '../support/service-process.ts';
import { waitFor } from '../support/wait-for.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('a wrong configuration ends the process with exit code 2, one readable line per problem, and nothing contacted:', () => {
  let directory: string;
  /** Stands in for Kafka and Redis, and counts who comes. */
  let nobody: Server;
  let visitors = 0;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'retry-orchestrator-test-'));
    nobody = createServer((socket) => {
      visitors += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(nobody, 'listening');
  });

  afterAll(async () => {
    nobody.close();
    await rm(directory, { recursive: true });
  });

  async function serve(routes: readonly object[]): Promise<Ended> {
    const { port } = nobody.address() as AddressInfo;
    const file = join(directory, 'config.yaml');
    await writeFile(file, JSON.stringify({ routes }));
    const env = {
      ...process.env,
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      REDIS_URL: `redis://127.0.0.1:${port}/0`,
    };
    const args = ['--import', 'tsx', 'src/cli.ts', 'serve', '--config', file];
    try {
      const { stdout, stderr } = await run(process.execPath, args, { cwd: root, env, timeout: 20_000 });
      return { code: 0, stdout, stderr };
    } catch (error) {
      return error as Ended;
    }
  }

  const route = { name: 'orders', topic: 'orders', consumerGroup: 'orders-service' };

  test('all problems at once, each with its place and what was meant', async () => {
    const { code, stdout, stderr } = await serve([
      { ...route, maxAttempt: 3, backoff: { initial: '1 fortnight' }, afterDeadLetter: 'stop' },
    ]);
    const problems = [
      /afterDeadLetter.*continue/,
      /backoff\.initial.*1 fortnight/,
      /maxAttempt\b.*maxAttempts/,
    ];
    expect({ code, stdout, lines: stderr.trimEnd().split('\n').sort() }).toEqual({
      code: 2,
      stdout: '',
      lines: problems.map((problem) => expect.stringMatching(problem)),
    });
    expect(visitors).toBe(0);
  });

  test('settings that are fine each and wrong together', async () => {
    const { code, stderr } = await serve([{ ...route, retryTopic: 'orders' }]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^routes\[0\]\.retryTopic: .*\n$/),
    });
    expect(visitors).toBe(0);
  });
});

test('a Redis that evicts keys is refused, with the setting and the remedy', async () => {
  await using redis = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
  await using service = await ServiceProcess.prepare({
    redisUrl: redis.url,
    config: { routes: [{ name: 'orders', topic: 'orders', consumerGroup: 'orders-service' }] },
  });
  service.spawn();
  await expect(service.ended()).resolves.toBe(1);
  const [line] = await service.logged('start_failed');
  expect(JSON.stringify(line)).toMatch(/maxmemory-policy allkeys-lru.*noeviction/);
});

test('a main topic with more partitions than the retry topic is told by /readyz, and the other routes go on', async () => {
  await using bench = await Bench.open({
    ready: false,
    routes: { grown: { partitions: 3, retryPartitions: 2 }, well: {} },
  });
  const { topic, retryTopic, name } = bench.route('grown');
  const missing = await waitFor('readiness to name it', async () => {
    const { status, body } = await bench.service.get('/readyz');
    const lines = (body as { missing?: string[] }).missing ?? [];
    return status === 503 && lines.length === 1 && lines[0];
  });
  expect(missing).toContain(name);
  expect(missing).toContain(`${topic} has 3 partitions and ${retryTopic} has 2`);
  await expect(bench.service.status('/livez')).resolves.toBe(200);

  const { retryTopic: ofOther } = bench.route('well');
  await using main = await bench.read('well', 'topic');
  await bench.sender.send(ofOther, { key: 'a', value: 'a0' });
  await main.one('redelivery');
});
