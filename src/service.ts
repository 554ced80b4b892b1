import { randomBytes } from 'node:crypto';
import { AccessWatch } from './access/access-watch.ts';
import { needsOf } from './access/needs.ts';
import { readMissing } from './access/read-access.ts';
import { Audit } from './audit/audit.ts';
import { readAllCertificates } from './certificates/all-certificates.ts';
import { CertificateWatch } from './certificates/certificate-watch.ts';
import type { Clock } from './clock.ts';
import type { Component } from './component.ts';
import { inOrder } from './component.ts';
import { groupOfReaders } from './config/config.ts';
import type { Config } from './config/config.ts';
import { RedisTrail } from './audit/trail.ts';
import { publishTo } from './audit/topic.ts';
import { EventFeed } from './events/event-feed.ts';
import { createApp } from './http/app.ts';
import { Authentication } from './http/auth/authentication.ts';
import { HttpServer } from './http/server.ts';
import { AssignedConsumer } from './kafka/assigned-consumer.ts';
import { isFatal } from './kafka/client-errors.ts';
import type { OnClientError } from './kafka/client-errors.ts';
import { ClusterGuard } from './kafka/cluster-guard.ts';
import { ClusterView } from './kafka/cluster-view.ts';
import { KafkaReach } from './kafka/kafka-reach.ts';
import { KafkaOffsets } from './kafka/offsets.ts';
import { PlaceReader } from './kafka/place-reader.ts';
import { KafkaProducer } from './kafka/producer.ts';
import { SettingsWatch } from './kafka/settings-watch.ts';
import type { ChangingLevel } from './log-level.ts';
import type { Logger } from './logger.ts';
import { EventLoopLag } from './metrics/event-loop-lag.ts';
import { kafkaCodeOf } from './metrics/kafka-codes.ts';
import { createMetrics } from './metrics/metrics.ts';
import type { Metrics } from './metrics/metrics.ts';
import { Notifier } from './notifications/notifier.ts';
import { Turns } from './notifications/turns.ts';
import { postTo } from './notifications/webhook.ts';
import { refuseEviction } from './redis/refuse-eviction.ts';
import { createServers } from './redis/servers.ts';
import type { RedisServers } from './redis/servers.ts';
import { WakeUps } from './redis/wake-ups.ts';
import { SEND_TIMEOUT } from './redrive/lease.ts';
import { createRoute } from './route.ts';
import type { Route } from './route.ts';
import { createTracing } from './tracing/tracing.ts';
import { versionOfPackage } from './version.ts';

interface Overrides {
  readonly logger: Logger;
  readonly logLevel: ChangingLevel;
  readonly clock: Clock;
  /** One of the Kafka clients is broken for good: the process has to be started anew. */
  readonly onBroken: (error: unknown) => void;
  readonly random?: () => number;
}

/** Where the jitter of backoffs comes from; crypto would cost 6 µs a record. */
// eslint-disable-next-line no-restricted-properties -- its home: everything else is given `random`
const jitterSource = (): number => Math.random();

/** What a redrive sends is written or given up before another replica may go on with it. */
function redriving({ kafka }: Config): Pick<Config, 'kafka'> {
  return { kafka: { ...kafka, librdkafka: { ...kafka.librdkafka, 'message.timeout.ms': SEND_TIMEOUT } } };
}

function colon(why: string): string {
  return why === '' ? '' : `: ${why}`;
}

interface Telling {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface EventsNeeds {
  readonly nonce: () => string;
  readonly onClientError: OnClientError;
}

/** null: no topic is configured for them. */
function createEvents(
  config: Config,
  { metrics, nonce, onClientError, clock, logger }: Telling & EventsNeeds,
): { readonly events: EventFeed | null; readonly parts: readonly Component[] } {
  const { topic } = config.events;
  if (topic === null) return { events: null, parts: [] };
  const producer = new KafkaProducer({ config, logger, onClientError });
  const onEnd = (route: string, end: 'written' | 'dropped'): void => {
    (end === 'written' ? metrics.eventsWritten : metrics.eventsDropped).inc({ route });
  };
  const events = new EventFeed({ topic, config, producer, nonce: nonce(), onEnd, clock, logger });
  return { events, parts: [producer] };
}

/** null: nobody is to be notified. */
function createNotifier(
  { notify, environment, redis: { keyPrefix } }: Config,
  { servers, metrics, clock, logger }: Telling & { readonly servers: RedisServers },
): Notifier | null {
  const { url, interval } = notify;
  if (url === null) return null;
  const turns = new Turns({ servers, keyPrefix, interval });
  return new Notifier({
    wording: { ...notify, environment },
    interval,
    turn: (route) => turns.take(route),
    post: (body, signal) => postTo(url, body, signal),
    onEnd: (route, result) => {
      metrics.notifications.inc({ route, result });
    },
    clock,
    logger,
  });
}

/** The composition root: the only place where the parts of the service meet. */
export function createService(
  config: Config,
  { logger, logLevel, clock, onBroken, random = jitterSource }: Overrides,
): Component {
  const version = versionOfPackage();
  const metrics = createMetrics(
    config.routes.map(({ name }) => name),
    { environment: config.environment, version },
  );
  const onClientError: OnClientError = (error) => {
    metrics.kafkaClientErrors.inc({ code: kafkaCodeOf(error) });
    if (isFatal(error)) onBroken(error);
  };
  const servers = createServers(config.redis, {
    onReconnect: () => {
      metrics.redisReconnects.inc({});
    },
    logger,
    clock,
  });
  const offsets = new KafkaOffsets(config, logger);
  const producer = new KafkaProducer({ config, logger, onClientError });
  const redriveProducer = new KafkaProducer({ config: redriving(config), logger, onClientError });
  const open = (): AssignedConsumer =>
    new AssignedConsumer({ config, groupId: groupOfReaders(config), clock, logger, onClientError });
  const contents = new PlaceReader({ open, clock });
  const views = new PlaceReader({ open, clock });
  metrics.process.read({
    get redisUp() {
      return servers.ready;
    },
    get certificates() {
      return certificates.secondsLeft;
    },
  });
  const eventLoopLag = new EventLoopLag({
    clock,
    onLag: (seconds) => {
      metrics.eventLoopLag.observe({}, seconds);
    },
  });
  const view = (): Promise<ClusterView> => ClusterView.open(config, { retries: 0 });
  const certificates = new CertificateWatch({
    read: (signal) => readAllCertificates(config, view, signal),
    clock,
    logger,
  });
  const guard = new ClusterGuard({ expected: config.kafka.clusterId, open: view, clock, logger });
  const settings = new SettingsWatch({
    routes: config.routes,
    topics: (names) => offsets.topics(names),
    open: view,
    onKnown: () => {
      for (const route of routes.values()) route.wakeAll();
    },
    clock,
    logger,
  });
  const reach = new KafkaReach({ config, ping: () => offsets.ping(), open: view, clock, logger });
  const access = new AccessWatch({
    needs: needsOf(config),
    read: (needs) => readMissing(needs, { offsets, open: view }),
    onGranted: () => {
      for (const route of routes.values()) route.wakeAll();
    },
    clock,
    logger,
  });
  const nonce = (): string => randomBytes(9).toString('base64url');
  const tracing = createTracing(version, clock);
  const { events, parts: eventParts } = createEvents(config, {
    metrics,
    nonce,
    onClientError,
    clock,
    logger,
  });
  const notifier = createNotifier(config, { servers, metrics, clock, logger });
  const audit = new Audit({
    trail: new RedisTrail({ servers, keyPrefix: config.redis.keyPrefix, kept: config.audit.kept }),
    publish:
      config.audit.topic === null
        ? null
        : publishTo(config.audit.topic, (...sent) => {
            producer.send(...sent);
          }),
    routes: new Set(config.routes.map(({ name }) => name)),
    onLost: (route, target) => {
      metrics.auditFailures.inc({ route, target });
    },
    logger,
    clock,
    logKeys: config.log.keys,
  });
  const shared = {
    config,
    audit,
    events,
    notifier,
    settings: {
      problems: (route: string) => [...settings.problems(route), ...access.problems(route)],
      holds: (route: string) => settings.holds(route) || access.problems(route).length > 0,
    },
    servers,
    offsets,
    producer,
    redriveProducer,
    contents,
    views,
    metrics,
    clock,
    logger,
    random,
    nonce,
    onClientError,
    tracing,
  };
  const routes: ReadonlyMap<string, Route> = new Map(
    config.routes.map((route) => [route.name, createRoute(route, shared)]),
  );
  const wakeUps = new WakeUps({
    servers,
    keyPrefix: config.redis.keyPrefix,
    onWake: (route, partition, at) => routes.get(route)?.wake(partition, at),
  });
  const authentication = new Authentication({ auth: config.http.auth, logger, clock });
  const app = createApp({
    desks: new Map([...routes].map(([name, { desk }]) => [name, desk])),
    foundations: {
      missing: async () => {
        const missing: string[] = [];
        if (!servers.ready) missing.push(`Redis does not answer${colon(servers.lastError)}`);
        if (!(await reach.answers())) missing.push(`Kafka does not answer${colon(reach.why)}`);
        return [...missing, ...access.problems(null)];
      },
    },
    metrics,
    audit,
    authentication,
    http: config.http,
    tracing,
    logLevel,
    version,
    environment: config.environment,
    logger,
    clock,
  });
  const server = new HttpServer({ app, http: config.http, logger, clock });
  const parts = inOrder([
    eventLoopLag,
    servers,
    refuseEviction(servers),
    wakeUps,
    certificates,
    offsets,
    reach,
    guard,
    settings,
    access,
    producer,
    redriveProducer,
    contents,
    ...eventParts,
    ...(notifier === null ? [] : [notifier]),
    audit,
    views,
    // Gates are answered until the shards are given back.
    { start: () => Promise.resolve(), stop: () => server.stop() },
    ...routes.values(),
  ]);
  return {
    start: async () => {
      // First of all: /livez answers, and /readyz says what is missing, while Kafka or Redis are waited for.
      await authentication.start();
      await server.start();
      await parts.start();
    },
    stop: async () => {
      await parts.stop();
      await server.stop();
      await authentication.stop();
    },
  };
}
