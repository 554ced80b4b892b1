import { randomBytes } from 'node:crypto';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { IMAGES } from '../../dev/image/build.ts';
import { freePort } from '../../dev/stack/free-port.ts';
import { Workspace } from '../../dev/stack/workspace.ts';
import { kafkaBrokers, redisUrl } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';
import { Container } from './container.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

interface ComposeService {
  readonly image: string;
  readonly command: readonly string[] | null;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly { type: 'bind' | 'volume'; source: string; target: string }[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
}

/** What Docker Compose makes of compose.yaml. */
let services: Readonly<Record<string, ComposeService>>;

const hasGo = spawnSync('go', ['version']).status === 0;
if (!hasGo) process.stderr.write('image: Go is missing, so nothing reads compose.yaml as Docker would\n');

(hasGo ? describe : describe.skip)('compose.yaml', () => {
  beforeAll(async () => {
    // Docker's own reader of such files, which refuses what Docker would.
    const check = join(root, 'dev/compose/check');
    const { stdout } = await run('go', ['run', '-C', check, '.', join(root, 'compose.yaml')]);
    ({ services } = JSON.parse(stdout) as { services: typeof services });
  }, 600_000);

  const commandOf = (name: string): readonly string[] => services[name]!.command ?? [];
  const mounts = (name: string) => services[name]!.volumes!.filter(({ type }) => type === 'bind');

  test('everything that is asked for is there', () => {
    expect(Object.keys(services).sort()).toEqual([
      ...[
        'doctor',
        'grafana',
        'kafka',
        'prometheus',
        'redis',
        'retry-orchestrator',
        'shop',
        'topic',
        'warehouse',
      ],
    ]);
  });

  test('images of others are of one version', () => {
    const others = Object.values(services).filter(({ image }) => !image.endsWith(':local'));
    expect(others.length).toBeGreaterThan(3);
    for (const { image } of others) expect(image).toMatch(/^[a-z/]+:v?\d+\.\d+\.\d+/);
  });

  test('what is mounted is there', () => {
    const sources = Object.keys(services)
      .filter((name) => services[name]!.volumes !== undefined)
      .flatMap((name) => mounts(name).map(({ source }) => source));
    expect(sources.length).toBeGreaterThan(4);
    for (const source of sources) expect([source, existsSync(join(root, source))]).toEqual([source, true]);
  });

  test('Prometheus takes its file, reads the rules that are mounted, and looks at the port of the service', async () => {
    const config = mounts('prometheus').find(({ target }) => target === '/etc/prometheus/prometheus.yml')!;
    const file = join(root, config.source);
    await run('promtool', ['check', 'config', '--syntax-only', file]);
    const { rule_files: ruleFiles, scrape_configs: scrapes } = parse(await readFile(file, 'utf8')) as {
      rule_files: string[];
      scrape_configs: { dns_sd_configs: { names: string[]; port: number }[] }[];
    };
    const rules = mounts('prometheus').find(({ source }) => source.endsWith('rules.yaml'))!;
    expect(ruleFiles.map((pattern) => pattern.replace('*', 'retry-orchestrator'))).toEqual([rules.target]);
    expect(scrapes[0]!.dns_sd_configs).toMatchObject([{ names: ['retry-orchestrator'], port: 8080 }]);
  });

  test('Grafana gets what its files ask for', async () => {
    const files = ['datasources', 'dashboards'].flatMap((kind) =>
      readdirSync(join(root, 'grafana/provisioning', kind)).map((name) =>
        join(root, 'grafana/provisioning', kind, name),
      ),
    );
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    const wanted = texts.flatMap((text) => [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!));
    expect(wanted.sort()).toEqual(['DASHBOARDS', 'PROMETHEUS_URL', 'SCRAPE_INTERVAL']);
    const { environment = {} } = services['grafana']!;
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(wanted));
    expect(mounts('grafana')).toContainEqual(
      expect.objectContaining({ source: './grafana/dashboards', target: environment['DASHBOARDS'] }),
    );
    for (const text of texts) expect(parse(text)).toMatchObject({ apiVersion: 1 });
  });

  test('the containers of ours do their work with the commands that are there', async () => {
    await using workspace = await Workspace.open();
    const prefix = `t${randomBytes(4).toString('hex')}.`;
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const config = parse(await readFile(join(root, 'config/compose.yaml'), 'utf8')) as {
      kafka: object;
      redis: object;
      routes: { topic: string; consumerGroup: string }[];
    };
    const [route] = config.routes;
    const file = join(workspace.directory, 'config.yaml');
    await writeFile(
      file,
      JSON.stringify({
        ...config,
        kafka: { ...config.kafka, groupPrefix: `${prefix}ro` },
        redis: { ...config.redis, keyPrefix: prefix },
        routes: [{ ...route, topic: prefix + route!.topic, consumerGroup: prefix + route!.consumerGroup }],
      }),
      { mode: 0o644 },
    );
    const stack = { KAFKA_BROKERS: kafkaBrokers.join(','), REDIS_URL: redisUrl };
    const files = { '/etc/retry-orchestrator/config.yaml': file };
    const application = (name: string): Promise<Container> =>
      Container.start({
        image: IMAGES.demo,
        command: commandOf(name),
        environment: { ...stack, SERVICE_URL: url, TOPIC_PREFIX: prefix },
      });
    const finished = async (container: Container): Promise<void> => {
      const code = await container.ended();
      expect([code, await container.output()]).toEqual([0, expect.anything()]);
      await container[Symbol.asyncDispose]();
    };

    await finished(await application('topic'));
    // It is there already the second time, as after `docker compose restart`.
    await finished(await application('topic'));
    const doctor = { image: IMAGES.service, command: commandOf('doctor'), files, environment: stack };
    await finished(await Container.start(doctor));

    await using service = await Container.start({
      ...{ image: IMAGES.service, command: commandOf('retry-orchestrator'), files },
      environment: { ...stack, HTTP_PORT: String(port) },
    });
    await waitFor('the service to be ready', async () => (await fetch(`${url}/readyz`)).ok, {
      state: () => service.output(),
    });
    await using shop = await application('shop');
    await using warehouse = await application('warehouse');
    await waitFor(
      'a retry that succeeded',
      async () => {
        const metrics = await (await fetch(`${url}/metrics`)).text();
        return /^retry_orchestrator_retries_processed_total\{.*result="succeeded".*\} [1-9]/m.test(metrics);
      },
      // The warehouse may be down for a while.
      { within: 240_000, every: 200, state: () => warehouse.output() },
    );
    for (const application of [shop, warehouse]) {
      await application.signal('SIGTERM');
      expect([await application.ended(), await application.output()]).toEqual([
        0,
        expect.stringContaining(': stopped'),
      ]);
    }
  });
});
