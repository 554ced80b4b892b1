import { bootstrapOf } from '../kafka/bootstrap.ts';
import { readCertificates } from '../certificates/read-certificates.ts';
import type { Clock } from '../clock.ts';
import type { Config, RouteConfig } from '../config/config.ts';
import { topicsOf } from '../kafka/topic-problems.ts';
import type { Cluster, ClusterView, Read } from '../kafka/cluster-view.ts';
import { whyOf } from '../kafka/cluster-view.ts';
import { whyClosed } from '../kafka/closed-door.ts';
import type { KafkaOffsets } from '../kafka/offsets.ts';
import type { RedisServers } from '../redis/servers.ts';
import { needsOf } from '../access/needs.ts';
import { missingOf } from '../access/read-access.ts';
import { accessFindings } from './access-findings.ts';
import { certificateFindings } from './certificate-findings.ts';
import { clockFindings, KAFKA_CLOCK } from './clock-findings.ts';
import { type Finding, unreadable } from './finding.ts';
import { groupFindings } from './group-findings.ts';
import { KafkaCommands } from './kafka-commands.ts';
import { readGroups } from './read-groups.ts';
import { readClocks, readRedis } from './read-redis.ts';
import { readTopics } from './read-topics.ts';
import { redisFindings } from './redis-findings.ts';
import type { Report, RoutedFinding } from './report.ts';
import { topicFindings } from './topic-findings.ts';
import type { TopicsSeen } from './topics-seen.ts';

/** What the service stands on, as far as it answers. */
export interface Foundation {
  readonly config: Config;
  readonly offsets: Read<KafkaOffsets>;
  readonly view: Read<ClusterView>;
  readonly servers: Read<RedisServers>;
  readonly clock: Clock;
}

/** Looks at everything that can be looked at without changing anything. */
export async function examine(foundation: Foundation): Promise<Report> {
  const { config, view, clock } = foundation;
  const [cluster, redis, routes] = await Promise.all([
    readCluster(foundation),
    examineRedis(foundation),
    examineRoutes(foundation),
  ]);
  const kafka: Finding[] = [];
  if (cluster?.kind === 'unreadable')
    kafka.push(unreadable('Kafka', 'the cluster id and the brokers', cluster.why));
  if (cluster?.kind === 'read') kafka.push(...clusterFindings(config, cluster.value), KAFKA_CLOCK);
  const brokers = cluster?.kind === 'read' ? cluster.value.brokers : bootstrapOf(config);
  const tls = view.kind === 'read' ? view.value.tls : undefined;
  const certificates = await readCertificates(config, brokers, tls);
  const shared = [...redis, ...kafka, ...certificateFindings(certificates, clock.now())];
  return {
    cluster: cluster?.kind === 'read' ? cluster.value : null,
    findings: [...shared.map((finding) => ({ route: null, ...finding })), ...routes],
  };
}

/** The client of the service does not say why it gets no answer (a wrong password, an unknown authority); the other one does. */
async function reasonOf({ config, view }: Foundation): Promise<string> {
  if (view.kind === 'unreadable') return `: ${view.why}`;
  try {
    await view.value.cluster();
    return '';
  } catch (error) {
    return `: ${whyClosed(error, config.kafka.librdkafka)}`;
  }
}

/** null: Kafka does not answer at all, which is told of it once. */
async function readCluster({ offsets, view }: Foundation): Promise<Read<Cluster> | null> {
  if (offsets.kind === 'unreadable') return null;
  if (view.kind === 'unreadable') return view;
  try {
    return { kind: 'read', value: await view.value.cluster() };
  } catch (error) {
    return { kind: 'unreadable', why: whyOf(error) };
  }
}

function clusterFindings({ kafka: { clusterId } }: Config, { id }: Cluster): Finding[] {
  if (clusterId === null || clusterId === id) return [];
  return [
    {
      severity: 'error',
      code: 'another-cluster',
      subject: 'Kafka',
      what: `is the cluster ${id}, and kafka.clusterId says ${clusterId}`,
      cost: 'the service does not start on it',
      remedy: 'mend kafka.brokers (or KAFKA_BROKERS); or kafka.clusterId, if the cluster is the right one',
    },
  ];
}

async function examineRedis({ config, servers, clock }: Foundation): Promise<Finding[]> {
  if (servers.kind === 'unreadable') return [silent('Redis', servers.why)];
  try {
    const [seen, clocks] = await Promise.all([readRedis(servers.value), readClocks(servers.value, clock)]);
    return [...redisFindings(config, seen), ...clockFindings(clocks)];
  } catch (error) {
    return [unreadable('Redis', 'its state', (error as Error).message, 'grant INFO and TIME to its user')];
  }
}

function silent(subject: string, why: string): Finding {
  return {
    severity: 'error',
    code: 'no-answer',
    subject,
    what: why,
    cost: 'nothing is retried while it is away',
    remedy: 'start it, or mend its address in the configuration',
  };
}

async function examineRoutes(foundation: Foundation): Promise<RoutedFinding[]> {
  const { config, offsets } = foundation;
  if (offsets.kind === 'unreadable') {
    return [{ route: null, ...silent('Kafka', `${offsets.why}${await reasonOf(foundation)}`) }];
  }
  const { topic: events } = config.events;
  const names = [...config.routes.flatMap(topicsOf), ...(events === null ? [] : [events])];
  try {
    const topics = await readTopics(names, offsets.value, foundation.view);
    const found = await Promise.all(
      config.routes.map((route) => examineRoute(route, topics, { ...foundation, offsets: offsets.value })),
    );
    const access = await examineAccess({ ...foundation, offsets: offsets.value });
    return [
      ...access,
      ...found.flat(),
      ...(events !== null && !topics.has(events) ? [noEvents(events)] : []),
    ];
  } catch (error) {
    return [
      {
        route: null,
        ...silent('Kafka', `does not answer at ${config.kafka.brokers.join(', ')}: ${whyOf(error)}`),
      },
    ];
  }
}

async function examineAccess({
  config,
  offsets,
  view,
}: Omit<Foundation, 'offsets'> & { readonly offsets: KafkaOffsets }): Promise<RoutedFinding[]> {
  const missing = await missingOf(needsOf(config), {
    topic: (name) => offsets.operationsOn(name),
    group: (name) => (view.kind === 'read' ? view.value.operationsOnGroup(name) : Promise.resolve(null)),
  });
  return accessFindings(missing, config);
}

async function examineRoute(
  route: RouteConfig,
  topics: TopicsSeen,
  foundation: Omit<Foundation, 'offsets'> & { readonly offsets: KafkaOffsets },
): Promise<RoutedFinding[]> {
  const { config, offsets, view, servers } = foundation;
  const kafka = new KafkaCommands(config.kafka.brokers);
  const findings = topicFindings(route, topics, kafka);
  if (topics.has(route.redelivery.topic ?? route.topic)) {
    const redis = servers.kind === 'read' ? servers.value : null;
    const groups = await readGroups(route, { config, offsets, view, servers: redis });
    findings.push(...groupFindings(config, route, groups, kafka));
  }
  return findings.map((finding) => ({ route: route.name, ...finding }));
}

function noEvents(topic: string): RoutedFinding {
  return {
    route: null,
    severity: 'warning',
    code: 'topic-missing',
    subject: `topic ${topic}`,
    what: 'does not exist',
    cost: 'lifecycle events are dropped',
    remedy: 'create it, or run doctor --create-topics',
  };
}
