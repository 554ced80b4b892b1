import type { RouteConfig } from '../../../src/config/config.ts';
import { readRoute } from '../../../src/config/route.ts';
import type { TopicSettings } from '../../../src/kafka/cluster-view.ts';
import { KafkaCommands } from '../../../src/doctor/kafka-commands.ts';
import { topicFindings } from '../../../src/doctor/topic-findings.ts';
import type { TopicSeen } from '../../../src/doctor/topics-seen.ts';

export const DAY = 86_400_000;

export const kafka = new KafkaCommands(['kafka:9092']);

/** With the defaults of the configuration, but no jitter. */
export function aRoute(settings: Partial<RouteConfig> = {}): RouteConfig {
  const written = {
    name: 'orders',
    topic: 'orders',
    consumerGroup: 'orders-service',
    backoff: { jitter: 0 },
  };
  return { ...readRoute(written, 'route', { env: {}, problem: () => undefined }), ...settings };
}

const SOUND: TopicSettings = {
  'cleanup.policy': 'delete',
  'retention.ms': String(30 * DAY),
  'retention.bytes': '-1',
  'max.message.bytes': '2000000',
  'min.insync.replicas': '2',
  'unclean.leader.election.enable': 'false',
  'message.timestamp.type': 'CreateTime',
};

interface Shape {
  readonly partitions?: number;
  readonly replicas?: number;
  readonly settings?: TopicSettings;
}

export function aTopic({ partitions = 6, replicas = 3, settings = {} }: Shape = {}): TopicSeen {
  return {
    partitions,
    replicas: { kind: 'read', value: replicas },
    settings: { kind: 'read', value: { ...SOUND, ...settings } },
  };
}

type Name = 'orders' | 'orders.retry' | 'orders.dlq' | 'orders.again';

/** The topics of the route, as they should be but for what is said; null: not there. */
export function topics(
  changes: Partial<Record<Name, Shape | TopicSeen | null>> = {},
): Map<string, TopicSeen> {
  const sound: Record<string, Shape | TopicSeen | null> = {
    orders: { settings: { 'max.message.bytes': '1000000' } },
    'orders.retry': {},
    'orders.dlq': {},
    ...changes,
  };
  return new Map(
    Object.entries(sound).flatMap(([name, shape]): [string, TopicSeen][] =>
      shape === null ? [] : [[name, isSeen(shape) ? shape : aTopic(shape)]],
    ),
  );
}

function isSeen(shape: Shape | TopicSeen): shape is TopicSeen {
  return typeof shape.replicas === 'object';
}

/** What is found, in a line each: severity, code, subject. */
export function found(changes: Parameters<typeof topics>[0], settings: Partial<RouteConfig> = {}): string[] {
  return topicFindings(aRoute(settings), topics(changes), kafka).map(
    ({ severity, code, subject }) => `${severity} ${code} ${subject}`,
  );
}
