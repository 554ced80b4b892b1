import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { nameOf, needsOf } from '../../../src/access/needs.ts';
import { CLUSTER_COMMANDS, REDIS_COMMANDS, redisRules } from '../../../src/access/redis-commands.ts';
import { loadConfig } from '../../../src/config/load-config.ts';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');

/** What an operator sets beside config/production.yaml; no file is there, so none is named. */
const ENVIRONMENT = {
  KAFKA_SASL_USERNAME: 'retries',
  KAFKA_SASL_PASSWORD: 'hunter2',
  KAFKA_TLS_CA_FILE: join(root, 'test/unit/access/authority.crt'),
  REDIS_TLS_CA_FILE: join(root, 'test/unit/access/authority.crt'),
  GATE_TOKEN: 'gate-'.repeat(5),
  OPERATOR_TOKEN: 'operator-'.repeat(3),
};

test('config/production.yaml loads, and names Kafka and Redis over TLS', () => {
  const { kafka, redis, environment } = loadConfig(join(root, 'config/production.yaml'), ENVIRONMENT);
  expect(environment).toBe('production');
  expect(kafka.librdkafka).toMatchObject({
    'security.protocol': 'sasl_ssl',
    'sasl.mechanism': 'SCRAM-SHA-512',
  });
  expect(redis).toMatchObject({ kind: 'url', access: { tls: { ca: expect.stringContaining('BEGIN') } } });
});

test('config/local.yaml loads', () => {
  const { routes, http } = loadConfig(join(root, 'config/local.yaml'), {});
  expect(routes.map(({ name }) => name)).toEqual(['orders']);
  expect(http.auth).toBe('none');
});

test('docs/security.md lists what the service needs of Kafka, and nothing else', () => {
  const rows = [...page.matchAll(/^\| (topic|group) (\S+) +\| (\w+) +\| (.*?) *\|$/gm)];
  const listed = rows.map(([, resource, name, operation, why]) => ({
    need: `${operation!} on ${resource!} ${name!}`,
    optional: why!.endsWith('; optional'),
  }));
  const needs = needsOf(loadConfig(join(root, 'config/production.yaml'), ENVIRONMENT));
  const wanted = needs.map((need) => ({ need: nameOf(need), optional: need.optional === true }));
  const byName = (a: { need: string }, b: { need: string }): number => (a.need < b.need ? -1 : 1);
  expect(listed.sort(byName)).toEqual(wanted.sort(byName));
});

test('docs/security.md lists the commands of Redis', () => {
  const [, block = ''] = /which are all that[^]*?```text\n([^]*?)```/.exec(page) ?? [];
  expect(block.split(/\s+/).filter(Boolean)).toEqual(REDIS_COMMANDS.map((name) => `+${name}`));
  for (const name of CLUSTER_COMMANDS) expect(page).toContain(`+${name}`);
  for (const word of redisRules('ro:', false).slice(0, 4)) expect(page).toContain(word);
});

test('every command of a script is among them', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const scripts = files
    .filter((file) => file.endsWith('.lua'))
    .map((file) => readFileSync(join(root, 'src', file), 'utf8'));
  const called = scripts.flatMap((lua) =>
    [...lua.matchAll(/call\(\s*'([A-Za-z]+)'/g)].map(([, name]) => name!.toLowerCase()),
  );
  expect(called.length).toBeGreaterThan(100);
  expect(
    [...new Set(called)].filter((name) => !(REDIS_COMMANDS as readonly string[]).includes(name)),
  ).toEqual([]);
});
