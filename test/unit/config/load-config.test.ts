import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, describe, expect, test } from '@jest/globals';

import { type Config, groupId } from '../../../src/config/config.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { loadConfig } from '../../../src/config/load-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'config-'));
const file = join(folder, 'config.yaml');
const example = fileURLToPath(new URL('../../../config/retry-orchestrator.yaml', import.meta.url));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function load(yaml: string, env: Record<string, string> = {}): Config {
  writeFileSync(file, yaml);
  return loadConfig(file, env);
}

/** The problems of a file; of one with a good route if the text is about something else. */
function problemsOf(yaml: string, env: Record<string, string> = {}): readonly string[] {
  try {
    load(yaml, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const ROUTE = 'name: orders, topic: orders, consumerGroup: orders-service';
const withRoute = (yaml: string): string => `${yaml}\nroutes: [{ ${ROUTE} }]`;
const routes = (...more: string[]): string =>
  `routes:\n${more.map((route) => `  - { ${route} }\n`).join('')}`;

describe('a configuration', () => {
  test('with one route has all defaults, and they are those of the example', () => {
    const config = load(routes(ROUTE));
    expect(config).toEqual(loadConfig(example, {}));
    expect(config).toEqual({
      environment: null,
      topicPattern: null,
      kafka: {
        brokers: ['localhost:9092'],
        clientId: 'retry-orchestrator',
        groupPrefix: 'retry-orchestrator',
        groupInstanceId: null,
        clusterId: null,
        sessionTimeout: 10_000,
        maxInFlight: 1,
        librdkafka: {},
      },
      redis: {
        kind: 'url',
        url: 'redis://localhost:6379/0',
        keyPrefix: 'ro:',
        memory: { leaveOutAt: 0.75, stopAt: 0.9 },
      },
      http: {
        host: '0.0.0.0',
        port: 8080,
        trustProxy: false,
        auth: null,
        limits: { callsPerMinute: null, gateCallsPerMinute: null, refusalsPerMinute: 60 },
      },
      log: { level: 'info', keys: false },
      audit: { topic: null, kept: 10_000 },
      events: { topic: null },
      notify: { url: null, format: 'json', interval: 300_000, keys: false, link: null },
      routes: [
        {
          name: 'orders',
          topic: 'orders',
          consumerGroup: 'orders-service',
          retryTopic: 'orders.retry',
          deadLetterTopic: 'orders.dlq',
          ordering: 'key',
          gate: true,
          backoff: { kind: 'exponential', initial: 1_000, multiplier: 2, max: 300_000, jitter: 0.2 },
          maxAttempts: 7,
          maxAge: 86_400_000,
          afterDeadLetter: 'continue',
          deadLetters: { allowEdit: false, indexLimit: 100_000 },
          undeliverable: { attempts: 3 },
          redelivery: { window: 64, maxPerSecond: 500, startPerSecond: 50, topic: null },
          deliveryTimeout: 60_000,
          claimTtl: 10_000,
          journalInterval: 200,
          carryForward: { age: 3_600_000, distance: 100_000 },
          payload: { inlineUpTo: 65_536 },
          limits: { heldBytes: 2 ** 30, lockedKeys: 100_000 },
          breaker: { failureShare: 0.9, window: 30_000, minimum: 50, keys: 20, probes: 5 },
          gateListLimit: 10_000,
        },
      ],
    });
  });

  test('can be changed by nobody, at any depth', () => {
    const config = load(routes(ROUTE));
    for (const part of [config, config.kafka.brokers, config.routes, config.routes[0]?.backoff]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('passes on what it does not know of librdkafka', () => {
    const config = load(
      withRoute('kafka: { librdkafka: { ssl.ca.location: /ca.pem, linger.ms: 5, debug: true } }'),
    );
    expect(config.kafka.librdkafka).toEqual({ 'ssl.ca.location': '/ca.pem', 'linger.ms': 5, debug: true });
  });

  test('may leave sections empty', () => {
    expect(load(withRoute('kafka:\nredis: {}')).kafka.clientId).toBe('retry-orchestrator');
  });

  test.each([
    ['schedule: [1s, 10s, 1m]', { kind: 'schedule', delays: [1_000, 10_000, 60_000], jitter: 0.2 }],
    ['schedule: [1s], jitter: 0', { kind: 'schedule', delays: [1_000], jitter: 0 }],
    [
      'initial: 100ms, multiplier: 1.5',
      { kind: 'exponential', initial: 100, multiplier: 1.5, max: 300_000, jitter: 0.2 },
    ],
  ])('takes the backoff { %s }', (yaml, expected) => {
    expect(load(routes(`${ROUTE}, backoff: { ${yaml} }`)).routes[0]?.backoff).toEqual(expected);
  });

  test('ignores the gate without an order to keep', () => {
    expect(load(routes(`${ROUTE}, ordering: none, gate: true`)).routes[0]?.gate).toBe(false);
  });

  test('may have no limit of age', () => {
    expect(load(routes(`${ROUTE}, maxAge: null`)).routes[0]?.maxAge).toBeNull();
  });

  test('names the own group of a route', () => {
    expect(groupId({ kafka: { groupPrefix: 'ro' } }, { name: 'orders' })).toBe('ro.orders');
  });

  test('lets a route work on the dead letters of another, and two groups on one topic', () => {
    const second = 'name: rescue, topic: orders.dlq, consumerGroup: rescue';
    const third = 'name: mails, topic: orders, consumerGroup: mails, retryTopic: mails.retry';
    expect(load(routes(ROUTE, second, third)).routes).toHaveLength(3);
  });
});

describe('the environment', () => {
  test('wins over the file', () => {
    const env = {
      HTTP_PORT: '9090',
      KAFKA_BROKERS: 'a:1, b:2',
      REDIS_URL: 'rediss://redis:6380',
      LOG_LEVEL: 'debug',
    };
    const config = load(withRoute('http: { port: 1 }\nlog: { level: warn }'), env);
    expect(config.http.port).toBe(9090);
    expect(config.kafka.brokers).toEqual(['a:1', 'b:2']);
    expect(config.redis).toMatchObject({ kind: 'url', url: 'rediss://redis:6380' });
    expect(config.log.level).toBe('debug');
  });

  test('does not when a variable is empty', () => {
    expect(load(withRoute('http: { port: 1 }'), { HTTP_PORT: '' }).http.port).toBe(1);
  });

  test('is to blame for what is wrong in it', () => {
    expect(problemsOf(routes(ROUTE), { HTTP_PORT: 'x' })).toEqual([
      'HTTP_PORT (for http.port): "x" is not a whole number from 0 to 65535',
    ]);
  });
});

describe('a file that is none', () => {
  test('is named', () => {
    expect(() => loadConfig('/nowhere.yaml', {})).toThrow(
      /^\/nowhere\.yaml: there is no such file; give its path/,
    );
    expect(() => loadConfig(folder, {})).toThrow(/EISDIR/);
  });

  test.each([
    ['a: 1\nb: [1', 2],
    ['a: 1\na: 2', 2],
    ['a:\n  b: 1\n c: 2', 3],
  ])('%j is bad YAML, and the line is named', (yaml, line) => {
    expect(problemsOf(yaml)[0]).toMatch(new RegExp(`^${file}:${line}: .`));
    for (const problem of problemsOf(yaml)) expect(problem).not.toContain('\n');
  });

  test.each(['just text', '[1, 2]', '5'])('%j is no map', (yaml) => {
    expect(problemsOf(yaml)).toEqual([
      `${file}: is not a map; it should have kafka, redis, http, log and routes`,
    ]);
  });

  test('an alias that leads nowhere', () => {
    expect(problemsOf('kafka: *nothing')[0]).toContain('nothing');
  });
});

describe('a problem', () => {
  test('comes with all the others', () => {
    const yaml = `
kafka: { broker: a }
redis: { url: "http://x" }
routes:
  - { name: Orders, topic: orders, maxAttempts: 0, backoff: { jitter: 2 } }`;
    expect(problemsOf(yaml, { LOG_LEVEL: 'loud' })).toEqual([
      'kafka.broker: unknown setting; the nearest known one is "brokers"',
      'redis.url: not a URL like redis://localhost:6379/0, or rediss://… for TLS',
      'LOG_LEVEL (for log.level): "loud" is not one of fatal, error, warn, info, debug, trace, silent',
      expect.stringMatching(/^routes\[0\]\.name: "Orders" is not a route name/),
      "routes[0].consumerGroup: is required: the application's consumer group.",
      'routes[0].backoff.jitter: 2 is not a number from 0 to 1',
      'routes[0].maxAttempts: 0 is not a whole number of at least 1',
    ]);
  });

  test.each([
    ['rutes: []\n', 'rutes: unknown setting; the nearest known one is "routes"'],
    [withRoute('http: { prot: 1 }'), 'http.prot: unknown setting; the nearest known one is "port"'],
    [withRoute('http: 8080'), 'http: should be a map of settings (host, port, '],
    [
      withRoute('kafka: { sessionTimeout: 10 }'),
      'kafka.sessionTimeout: 10 has no unit; write a duration like',
    ],
    [withRoute('kafka: { maxInFlight: 6 }'), 'kafka.maxInFlight: 6 is not a whole number from 1 to 5'],
    [withRoute('kafka: { librdkafka: { a: { b: 1 } } }'), 'kafka.librdkafka: the value of "a" is not'],
    [withRoute('kafka: { brokers: [] }'), 'kafka.brokers: the list is empty'],
    [withRoute('redis: { keyPrefix: "{x}" }'), 'redis.keyPrefix: "{x}" is not a prefix without braces'],
    ['', 'routes: is empty; give at least one route'],
    ['routes: []', 'routes: is empty; give at least one route'],
    ['routes: { name: a }', 'routes: is not a list'],
    ['routes: [orders]', 'routes[0]: should be a map of settings'],
    [routes(`${ROUTE}, gate: maybe`), 'routes[0].gate: "maybe" is not true or false'],
    [routes(`${ROUTE}, ordering: keys`), 'routes[0].ordering: "keys" is not one of key, none'],
    [
      routes(`${ROUTE}, redelivery: { window: 0 }`),
      'routes[0].redelivery.window: 0 is not a whole number of at least 1',
    ],
    [
      routes(`${ROUTE}, limits: { heldBytes: 64 }`),
      'routes[0].limits.heldBytes: 64 has no unit; write a size like',
    ],
    [
      routes(`${ROUTE}, limits: { heldByte: 64MiB }`),
      'routes[0].limits.heldByte: unknown setting; the nearest known one is "heldBytes"',
    ],
    [
      routes(`${ROUTE}, backoff: { multiplier: 0.5 }`),
      'routes[0].backoff.multiplier: 0.5 is not a number of at least 1',
    ],
    [routes(`${ROUTE}, backoff: { initial: 10m }`), 'routes[0].backoff.max: is shorter than initial'],
    [
      routes(`${ROUTE}, backoff: { schedule: [1s], max: 5m }`),
      'routes[0].backoff: has a schedule and max; keep the one or the other',
    ],
    [routes(`${ROUTE}, backoff: { schedule: [] }`), 'routes[0].backoff.schedule: the list is empty'],
    [
      withRoute('audit: { topic: orders.dlq }'),
      'audit.topic: is a topic of routes[0]; give it a topic of its own',
    ],
    [routes(`${ROUTE}, retryTopic: orders`), 'routes[0].retryTopic: is the main topic of routes[0]'],
    [
      routes(`${ROUTE}, deadLetterTopic: orders`),
      'routes[0].deadLetterTopic: is the main topic of the route',
    ],
    [
      routes(`${ROUTE}, deadLetterTopic: orders.retry`),
      'routes[0].deadLetterTopic: is the retry topic of routes[0]',
    ],
    [
      routes(`${ROUTE}, redelivery: { topic: orders.retry }`),
      'routes[0].redelivery.topic: is the retry or dead-letter topic of routes[0]',
    ],
    [
      routes(ROUTE, 'name: orders, topic: b, consumerGroup: b'),
      'routes[1].name: orders is used by routes[0] too',
    ],
    [
      routes(ROUTE, 'name: b, topic: b, consumerGroup: b, retryTopic: orders.retry'),
      'routes[1].retryTopic: orders.retry is used by routes[0] too',
    ],
    [
      routes(ROUTE, 'name: b, topic: orders, consumerGroup: orders-service, retryTopic: b'),
      'routes[1].consumerGroup: orders-service on orders is used by routes[0] too',
    ],
    [
      routes('name: a, topic: a, consumerGroup: retry-orchestrator.a'),
      "routes[0].name: the service's own group would be retry-orchestrator.a, which is the consumerGroup of routes[0]",
    ],
  ])('of %j', (yaml, problem) => {
    const problems = problemsOf(yaml);
    expect(problems).toContainEqual(expect.stringContaining(problem));
    for (const line of problems) expect(line).not.toContain('\n');
  });

  test('of two topics is told once, by name of what is missing', () => {
    expect(problemsOf('routes: [{ name: a, consumerGroup: a }, { name: b, consumerGroup: a }]')).toEqual([
      'routes[0].topic: is required: the main topic, that the application reads.',
      'routes[1].topic: is required: the main topic, that the application reads.',
    ]);
  });

  test('never shows the password of Redis', () => {
    expect(problemsOf(routes(ROUTE), { REDIS_URL: 'http://me:hunter2@redis' }).join()).not.toContain(
      'hunter2',
    );
  });
});
