import { readFileSync } from 'node:fs';

import { LineCounter, parseDocument } from 'yaml';

import { readAuth } from './auth.ts';
import type { Config, RouteConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { checkNames } from './check-names.ts';
import { checkApart, checkRoutes } from './cross-checks.ts';
import { asMap, type Environment, type Reading, readSection } from './read-section.ts';
import { kafkaAccess } from './kafka-access.ts';
import { readNotify } from './notify.ts';
import { readRedis } from './redis.ts';
import { readRoute } from './route.ts';
import type { Schema } from './schema.ts';
import { auditSettings } from './settings/audit.ts';
import { environmentSettings } from './settings/environment.ts';
import { eventsSettings } from './settings/events.ts';
import { httpSettings } from './settings/http.ts';
import { kafkaSettings } from './settings/kafka.ts';
import { logSettings } from './settings/log.ts';
import { notifySettings } from './settings/notify.ts';
import { redisSettings } from './settings/redis.ts';

/** The whole file. What an entry of `routes` holds is in `routeSettings`. */
export const settings = {
  ...environmentSettings,
  kafka: kafkaSettings,
  redis: redisSettings,
  http: httpSettings,
  log: logSettings,
  audit: auditSettings,
  events: eventsSettings,
  notify: notifySettings,
  routes: { format: 'route list', doc: 'One entry for each route.', default: [] },
} satisfies Schema;

/**
 * Reads a configuration file. What `env` says wins over it: HTTP_PORT, KAFKA_BROKERS, LOG_LEVEL, REDIS_URL, and what it takes to
 * be let in by Kafka and Redis.
 *
 * @throws ConfigError with everything that is wrong at once.
 */
export function loadConfig(path: string, env: Environment): Config {
  const document = readYaml(path);
  const problems: string[] = [];
  const config = readConfig(document, path, {
    env,
    problem: (where, message) => problems.push(`${where}: ${message}`),
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(config);
}

function readYaml(path: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { prettyErrors: false, lineCounter: lines });
  if (document.errors.length > 0) {
    const problems = document.errors.map(
      ({ pos, message }) => `${path}:${lines.linePos(pos[0]).line}: ${message}`,
    );
    throw new ConfigError(problems);
  }
  try {
    return document.toJS();
  } catch (error) {
    // An alias without its anchor, or far too many of them.
    throw new ConfigError([`${path}: ${(error as Error).message}`], { cause: error });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const message = missing ? 'there is no such file; give its path with --config' : (error as Error).message;
    throw new ConfigError([`${path}: ${message}`], { cause: error });
  }
}

function readConfig(document: unknown, path: string, reading: Reading): Config {
  if (asMap(document) === undefined) {
    throw new ConfigError([`${path}: is not a map; it should have kafka, redis, http, log and routes`]);
  }
  const { routes, ...sections } = readSection(settings, document, '', reading);
  const redis = readRedis(sections.redis, asMap(document)?.['redis'], reading);
  const http = { ...sections.http, auth: readAuth(sections.http.auth, sections.environment, reading) };
  const notify = readNotify(sections.notify, reading);
  const { environment } = sections;
  const { tls: _tls, sasl: _sasl, ...ofKafka } = sections.kafka;
  const kafka = {
    ...ofKafka,
    clientId: environment ? `${ofKafka.clientId}-${environment}` : ofKafka.clientId,
    librdkafka: kafkaAccess(sections.kafka, reading),
  };
  const config = {
    ...sections,
    kafka,
    redis,
    http,
    notify,
    routes: readRoutes(routes, sections.kafka.groupPrefix, reading),
  };
  checkNames(config, reading);
  for (const name of ['audit', 'events'] as const) {
    checkApart(`${name}.topic`, sections[name].topic, config.routes, reading);
  }
  return config;
}

/** `entries` is undefined if `routes` is no list. */
function readRoutes(
  entries: readonly unknown[] | undefined,
  groupPrefix: string | undefined,
  reading: Reading,
): readonly RouteConfig[] {
  const routes = (entries ?? []).map((entry, index) => readRoute(entry, `routes[${index}]`, reading));
  checkRoutes(groupPrefix, routes, reading);
  return routes;
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member as object);
  }
  return Object.freeze(value);
}
