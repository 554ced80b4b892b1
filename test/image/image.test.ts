import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { IMAGES } from '../../dev/image/build.ts';
import { freePort } from '../../dev/stack/free-port.ts';
import { Workspace } from '../../dev/stack/workspace.ts';
import { GatedConsumer } from '../support/gated-consumer.ts';
import { failFirst, History } from '../support/history.ts';
import { Sender } from '../support/sender.ts';
import { kafkaBrokers, redisUrl } from '../support/stack.ts';
import { createTopics } from '../support/topics.ts';
import { waitFor } from '../support/wait-for.ts';
import { Container, type ContainerOptions, imageConfig } from './container.ts';

const stack = { KAFKA_BROKERS: kafkaBrokers.join(','), REDIS_URL: redisUrl };
const CONFIG = '/etc/retry-orchestrator/config.yaml';
const topic = `t${randomBytes(4).toString('hex')}.orders`;

let workspace: Workspace;
let configFile: string;
let url: string;
let service: Container;

const start = (more: Partial<ContainerOptions> = {}): Promise<Container> =>
  Container.start({
    image: IMAGES.service,
    files: { [CONFIG]: configFile },
    environment: stack,
    ...more,
  });

/** What the image itself says, without `CMD`. */
async function healthCheck(): Promise<readonly string[]> {
  const [form, ...command] = (await imageConfig(IMAGES.service)).Healthcheck!.Test;
  expect(form).toBe('CMD');
  return command;
}

beforeAll(async () => {
  workspace = await Workspace.open();
  configFile = join(workspace.directory, 'config.yaml');
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const route = {
    ...{ name: 'orders', topic, consumerGroup: `${topic}.application` },
    backoff: { initial: '200ms', multiplier: 1, max: '1s', jitter: 0 },
  };
  const config = {
    kafka: { groupPrefix: topic, sessionTimeout: '6s' },
    redis: { keyPrefix: `${topic}:` },
    http: { port },
    routes: [route],
  };
  await writeFile(configFile, JSON.stringify(config), { mode: 0o644 });

  await createTopics([{ topic, partitions: 2 }]);
  await using doctor = await start({ command: ['doctor', '--config', CONFIG, '--create-topics'] });
  await doctor.ended();
  expect(await doctor.output()).toContain(`created ${topic}.retry`);

  service = await start();
  await waitFor('the service to be ready', async () => (await fetch(`${url}/readyz`)).ok, {
    state: () => service.output(),
  });
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
});

test('a message that fails comes back and succeeds, in the order of its key', async () => {
  const history = new History();
  await using sender = await Sender.open();
  const sent = await sender.sendAll(topic, [
    { key: 'a', value: 'a0' },
    { key: 'a', value: 'a1' },
    { key: 'b', value: 'b0' },
  ]);
  await using _consumer = await GatedConsumer.start({
    ...{ route: 'orders', topic, retryTopic: `${topic}.retry`, group: `${topic}.application` },
    ...{ service: [url], history, behaviour: failFirst({ a0: 1 }) },
  });
  await history.allSucceeded(sent);
  expect(history.of(sent[0]!).map(({ attempt, redelivered }) => [attempt, redelivered])).toEqual([
    [1, false],
    [2, true],
  ]);
  expect(history.violations(sent)).toEqual([]);
});

test('the first process is Node, of a user that is not root, without a way to become it', async () => {
  const pid = await service.pid();
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (name: string): string => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)![1]!;
  expect(of('NSpid').split(/\s+/)).toEqual([String(pid), '1']);
  expect([of('Uid'), of('Gid')]).toEqual(['65532\t65532\t65532\t65532', '65532\t65532\t65532\t65532']);
  expect([of('CapEff'), of('CapBnd'), of('NoNewPrivs')]).toEqual([
    '0000000000000000',
    '0000000000000000',
    '1',
  ]);
  const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  expect(command).toEqual(['node', '/app/dist/cli.js', 'serve', '--config', CONFIG, '']);
  expect((await imageConfig(IMAGES.service)).User).toMatch(/^\d+:\d+$/);
});

test('it can write nowhere, and does not want to', async () => {
  const attempt = `
    for (const directory of ['/', '/app', '/etc', '/home', '/root', '/run', '/tmp', '/usr', '/var', '/var/tmp']) {
      try {
        require('node:fs').writeFileSync(directory + '/written', '');
        console.log(directory);
      } catch ({ code }) {
        if (!['EROFS', 'EACCES'].includes(code)) throw new Error(directory + ': ' + code);
      }
    }`;
  await expect(service.execute(['node', '-e', attempt])).resolves.toMatchObject({ code: 0, stdout: '' });
  const mounts = await readFile(`/proc/${await service.pid()}/mountinfo`, 'utf8');
  const root = mounts.split('\n').find((line) => line.split(' ')[4] === '/');
  expect(root?.split(' ')[5]?.split(',')).toContain('ro');
});

test('the health check says 0 while the service lives, and 1 when it hangs', async () => {
  const command = await healthCheck();
  expect(await service.execute(command)).toMatchObject({ code: 0, stdout: '{"live":true}\n' });
  expect(await service.execute([...command, '--ready'])).toMatchObject({ code: 0 });
  await service.signal('SIGSTOP');
  try {
    expect(await service.execute(command)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not answer'),
    });
  } finally {
    await service.signal('SIGCONT');
  }
});

test('what is not for running is not in it', async () => {
  const look = `
    const { existsSync, readdirSync, statSync } = require('node:fs');
    const files = readdirSync('/app', { recursive: true }).filter((file) => statSync('/app/' + file).isFile());
    console.log(JSON.stringify({
      files,
      installers: ['npm', 'npx', 'yarn', 'corepack'].filter((name) => existsSync('/usr/local/bin/' + name)),
      compilers: ['gcc', 'g++', 'cc', 'make', 'python3'].filter((name) => existsSync('/usr/bin/' + name)),
    }));`;
  const { stdout } = await service.execute(['node', '-e', look]);
  const found = JSON.parse(stdout) as { files: string[]; installers: string[]; compilers: string[] };
  expect({ installers: found.installers, compilers: found.compilers }).toEqual({
    installers: [],
    compilers: [],
  });
  expect(new Set(found.files.map((file) => file.split('/')[0]))).toEqual(
    new Set(['LICENSE', 'dist', 'node_modules', 'package.json']),
  );
  const inPackages = found.files.filter((file) => file.startsWith('node_modules/'));
  expect(inPackages.filter((file) => /\.([ch]|cc|cpp|ts|map|py|gypi?)$/.test(file))).toEqual([]);
  for (const developing of ['typescript', 'jest', 'eslint', 'tsx']) {
    expect(inPackages.some((file) => file.startsWith(`node_modules/${developing}/`))).toBe(false);
  }
  expect(inPackages).toContain('node_modules/fastify/LICENSE');
});

test('a configuration that is wrong ends it with 2 and a line that says where', async () => {
  const wrong = join(workspace.directory, 'wrong.yaml');
  await writeFile(wrong, 'routes: [{ name: orders, topic: orders, consumerGroup: a, maxAttempt: 3 }]\n');
  await using container = await start({ files: { [CONFIG]: wrong } });
  await expect(container.ended()).resolves.toBe(2);
  expect((await container.output()).trim()).toMatch(/^routes\[0\]\.maxAttempt: .*maxAttempts/);
});

test('without a configuration it says where one is looked for', async () => {
  await using container = await start({ files: {} });
  await expect(container.ended()).resolves.toBe(2);
  expect(await container.output()).toContain(`${CONFIG}: there is no such file`);
});

test('SIGTERM stops it in order, with 0', async () => {
  await using container = await start({ environment: { ...stack, HTTP_PORT: String(await freePort()) } });
  await waitFor('the second replica to have started', async () =>
    (await container.output()).includes('"event":"started"'),
  );
  await container.signal('SIGTERM');
  await expect(container.ended()).resolves.toBe(0);
  const output = await container.output();
  expect(output).toContain('"event":"stopped"');
  expect(output).not.toContain('stop_deadline');
});

test('SIGTERM ends a command that does not listen to it, although it is the first process', async () => {
  // Takes connections, and says nothing.
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const connected = once(mute, 'connection') as Promise<[Socket]>;
  const url = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
  await using container = await start({ command: ['routes', '--url', url] });
  const [socket] = await connected;
  await container.signal('SIGTERM');
  await expect(container.ended()).resolves.toBe(128 + constants.signals.SIGTERM);
  socket.destroy();
  mute.close();
});
