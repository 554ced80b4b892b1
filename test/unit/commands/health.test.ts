import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { health } from '../../../src/commands/health.ts';

const folder = mkdtempSync(join(tmpdir(), 'health-'));
const file = join(folder, 'config.yaml');
const ROUTES = 'routes: [{ name: orders, topic: orders, consumerGroup: orders-service }]\n';
let service: Server;

beforeAll(async () => {
  service = createServer((request, response) => {
    response.writeHead(request.url === '/livez' ? 200 : 503).end(`answer to ${request.url}`);
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  service.close();
  await once(service, 'close');
});

async function check(given: { host: string; port: number; ready?: boolean }) {
  const { host, port, ready = false } = given;
  writeFileSync(file, `http: { host: '${host}', port: ${port} }\n${ROUTES}`);
  const written = { stdout: '', stderr: '' };
  const code = await health(
    file,
    {},
    { ready },
    {
      stdout: { write: (text: string) => Boolean((written.stdout += text)) },
      stderr: { write: (text: string) => Boolean((written.stderr += text)) },
    },
  );
  return { code, ...written };
}

const port = (): number => (service.address() as AddressInfo).port;

test.each(['127.0.0.1', '0.0.0.0', 'localhost'])(
  'a service that listens on %s and answers lives',
  async (host) => {
    expect(await check({ host, port: port() })).toEqual({
      code: 0,
      stdout: 'answer to /livez\n',
      stderr: '',
    });
  },
);

test('one that is not ready says what is missing', async () => {
  expect(await check({ host: '0.0.0.0', port: port(), ready: true })).toEqual({
    ...{ code: 1, stdout: '', stderr: 'answer to /readyz\n' },
  });
});

test('one that does not answer does not live', async () => {
  expect(await check({ host: '::', port: 1 })).toEqual({
    ...{ code: 1, stdout: '' },
    stderr: expect.stringMatching(/^http:\/\/\[::1\]:1\/livez does not answer: .+\n$/),
  });
});
