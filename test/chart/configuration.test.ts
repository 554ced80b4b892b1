import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/load-config.ts';
import { chartFolder, objectsOf, run, temporaryFolder, variants } from '../support/chart.ts';

interface Workload {
  readonly template: {
    readonly spec: {
      readonly terminationGracePeriodSeconds: number;
      readonly containers: readonly [
        { readonly env?: readonly { name: string; value?: string; valueFrom?: object }[] },
      ];
    };
  };
}

/** A certificate with its key. */
const pem = await (async () => {
  await using folder = await temporaryFolder();
  const [key, certificate] = [join(folder.path, 'key'), join(folder.path, 'certificate')];
  const { status, output } = await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=test'],
    ...['-keyout', key, '-out', certificate],
  ]);
  if (status !== 0) throw new Error(output);
  return { key: await readFile(key, 'utf8'), certificate: await readFile(certificate, 'utf8') };
})();

const named = variants.map((path) => [basename(path), path] as const);

async function configured(values: string, ...more: string[]) {
  await using folder = await temporaryFolder();
  const objects = await objectsOf(values, ...more);
  const workload = objects.find(
    ({ kind, metadata }) =>
      ['Deployment', 'StatefulSet'].includes(kind) &&
      metadata.labels['app.kubernetes.io/component'] === 'service',
  )?.spec as Workload;
  const written = objects.find(({ kind, data }) => kind === 'ConfigMap' && data?.['config.yaml'])?.data?.[
    'config.yaml'
  ];
  // Secrets are files and variables: here they are what a Secret could hold.
  const env = Object.fromEntries(
    (workload.template.spec.containers[0].env ?? []).map(({ name, value }) => [
      name,
      name === 'NOTIFY_URL' ? 'https://hooks.example.com/x' : (value ?? `secret-of-${name}`),
    ]),
  );
  await mkdir(join(folder.path, 'tokens'));
  for (const token of ['orders-service', 'prometheus']) {
    await writeFile(join(folder.path, 'tokens', token), `${token}-0123456789abcdef`);
  }
  const file = join(folder.path, 'config.yaml');
  await writeFile(file, (written ?? '').replaceAll('/run/secrets', folder.path));
  for (const name of ['kafka-tls', 'redis-tls']) await mkdir(join(folder.path, name));
  for (const name of Object.keys(env)) {
    if (!name.endsWith('_FILE')) continue;
    env[name] = (env[name] ?? '').replaceAll('/run/secrets', folder.path);
    await writeFile(env[name], name.includes('KEY') ? pem.key : pem.certificate);
  }
  return { config: loadConfig(file, env), written, workload };
}

test.each(named)('the service takes the configuration of %s', async (_name, values) => {
  const { config } = await configured(values);
  expect(config.routes.length).toBeGreaterThan(0);
});

test('what is written in values arrives: large numbers, null, lists; and secrets from the environment', async () => {
  const { config, written } = await configured(join(chartFolder, 'ci/production-values.yaml'));
  const [orders] = config.routes;
  expect(orders).toMatchObject({ maxAge: null, deadLetters: { indexLimit: 20_000_000 } });
  expect(orders?.backoff).toMatchObject({ kind: 'schedule', delays: [1_000, 10_000, 60_000] });
  expect(config.notify.url).toBe('https://hooks.example.com/x');
  expect(JSON.stringify(config.kafka)).toContain('secret-of-KAFKA_SASL_PASSWORD');
  expect(JSON.stringify(config.kafka)).toContain('kafka-tls/ca.crt');
  expect(JSON.stringify(config.redis)).toContain('secret-of-REDIS_PASSWORD');
  expect(written).not.toContain('secret-of');
});

test('a pod of the StatefulSet keeps its name in the group', async () => {
  const { config } = await configured(join(chartFolder, 'ci/static-membership-values.yaml'));
  expect(config.kafka.groupInstanceId).toBe('secret-of-KAFKA_GROUP_INSTANCE_ID');
});

test('every setting with its default, in config/retry-orchestrator.yaml, fits the schema', async () => {
  await using folder = await temporaryFolder();
  const text = await readFile(new URL('../../config/retry-orchestrator.yaml', import.meta.url), 'utf8');
  const values = join(folder.path, 'values.yaml');
  await writeFile(values, `config:\n${text.replaceAll(/^/gm, '  ')}`);
  expect((await configured(values)).config.routes[0]?.name).toBe('orders');
});

test('another configuration makes other pods, and the same does not', async () => {
  const values = join(chartFolder, 'ci/minimal-values.yaml');
  const checksum = async (...more: string[]) => {
    const objects = await objectsOf(values, ...more);
    const deployment = objects.find(({ kind }) => kind === 'Deployment')?.spec as {
      template: { metadata: { annotations: Record<string, string> } };
    };
    return deployment.template.metadata.annotations['checksum/config'];
  };
  const before = await checksum();
  expect(await checksum('--set', 'replicaCount=5')).toBe(before);
  expect(await checksum('--set', 'config.routes[0].maxAttempts=5')).not.toBe(before);
});
