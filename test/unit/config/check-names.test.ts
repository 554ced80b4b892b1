import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Config } from '../../../src/config/config.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { fitsOneOf } from '../../../src/config/name-patterns.ts';

const folder = mkdtempSync(join(tmpdir(), 'names-'));
const file = join(folder, 'config.yaml');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const ROUTES = 'routes: [{ name: orders, topic: staging.orders, consumerGroup: staging.orders-service }]';

function load(yaml: string, env: Record<string, string> = {}): Config {
  writeFileSync(file, yaml);
  return loadConfig(file, env);
}

function problemsOf(yaml: string, env: Record<string, string> = {}): readonly string[] {
  try {
    load(yaml, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test.each([
  [['staging.*'], 'staging.orders', true],
  [['staging.*'], 'stagingXorders', false],
  [['staging.*'], 'prod.staging.orders', false],
  [['*'], '', true],
  [['a', 'b*'], 'bc', true],
  [['/(staging|dev)\\..+/'], 'dev.orders', true],
  [['/(staging|dev)\\..+/'], 'x.dev.orders', false],
  [['/a|b/'], 'ab', false],
])('%j and %j: %j', (patterns, name, fits) => {
  expect(fitsOneOf(patterns, name)).toBe(fits);
});

describe('topicPattern', () => {
  test('lets pass what fits, in all its forms', () => {
    const kafka = 'kafka: { groupPrefix: staging.retries }';
    for (const pattern of ['"staging.*"', '["none", "staging.*"]', '"/staging\\\\..*/"']) {
      expect(problemsOf(`topicPattern: ${pattern}\n${kafka}\n${ROUTES}`)).toEqual([]);
    }
  });

  test('names every topic, group and prefix that does not', () => {
    const route =
      '{ name: orders, topic: orders, consumerGroup: app, deadLetterTopic: staging.dlq, redelivery: { topic: again } }';
    const yaml = `topicPattern: "staging.*"\nevents: { topic: events }\nroutes: [${route}]`;
    expect(problemsOf(yaml).map((problem) => problem.split(' does not fit')[0])).toEqual([
      'kafka.groupPrefix: retry-orchestrator',
      'events.topic: events',
      'routes[0].topic: orders',
      'routes[0].consumerGroup: app',
      'routes[0].retryTopic: orders.retry',
      'routes[0].redelivery.topic: again',
    ]);
  });

  test.each([
    ['[]', 'topicPattern: the list is empty'],
    ['[1]', 'topicPattern: is not a pattern'],
    ['"/(/"', 'topicPattern: "/(/" is not a regular expression'],
  ])('%s is a mistake itself', (pattern, problem) => {
    expect(problemsOf(`topicPattern: ${pattern}\n${ROUTES}`)).toContainEqual(
      expect.stringContaining(problem),
    );
  });
});

describe('environment', () => {
  test('is at the end of client.id', () => {
    expect(load(`environment: staging\n${ROUTES}`)).toMatchObject({
      environment: 'staging',
      kafka: { clientId: 'retry-orchestrator-staging' },
    });
  });

  test('is one word', () => {
    expect(problemsOf(`environment: not good\n${ROUTES}`)).toEqual([
      expect.stringMatching(/^environment: "not good" is not a name/),
    ]);
  });
});

describe('notify', () => {
  const hook = 'https://hooks.example.com/services/T0/SECRET';

  test('takes its URL from the file, the environment or a file of its own', () => {
    const secretFile = join(folder, 'url');
    writeFileSync(secretFile, `${hook}\n`);
    expect(load(`notify: { url: "${hook}" }\n${ROUTES}`).notify.url).toBe(hook);
    expect(load(ROUTES, { NOTIFY_URL: hook }).notify.url).toBe(hook);
    expect(load(`notify: { urlFile: "${secretFile}" }\n${ROUTES}`).notify.url).toBe(hook);
  });

  test.each([
    ['url: "ftp://SECRET"', 'notify.url: not a URL like https://'],
    ['urlFile: /nowhere', 'notify.urlFile: /nowhere: ENOENT'],
    [`url: "${hook}", urlFile: /nowhere`, 'notify.urlFile: is set beside notify.url'],
    ['link: "https://x/{topic}"', 'notify.link: {topic} means nothing in a link'],
    ['link: "https://x/{key}"', 'notify.link: has {key} in it, which needs notify.keys: true'],
    ['format: mail', 'notify.format: "mail" is not one of json, slack, teams'],
  ])('%s is a mistake, which shows no secret', (settings, problem) => {
    const problems = problemsOf(`notify: { ${settings} }\n${ROUTES}`);
    expect(problems).toContainEqual(expect.stringContaining(problem));
    expect(problems.join()).not.toContain('SECRET');
  });
});
