import type { Config, RouteConfig } from '../config/config.ts';
import { groupId, groupOfReaders } from '../config/config.ts';

/** As Kafka names them. */
export type Operation = 'Read' | 'Write' | 'Describe' | 'DescribeConfigs';

/** One ACL that the service's user needs. */
export interface Need {
  /** null: every route does. */
  readonly route: string | null;
  readonly resource: 'topic' | 'group';
  readonly name: string;
  readonly operation: Operation;
  readonly why: string;
  /** Without it the service works, and looks at less. */
  readonly optional?: true;
}

/** All that Kafka has to allow, and nothing more. `Read` and `Write` include `Describe`. */
export function needsOf(config: Pick<Config, 'kafka' | 'routes' | 'events' | 'audit'>): readonly Need[] {
  const { routes, events, audit } = config;
  const shared = (need: Omit<Need, 'route'>): Need => ({ route: null, ...need });
  const topic = (name: string | null, why: string): Need[] =>
    name === null ? [] : [shared({ resource: 'topic', name, operation: 'Write', why })];
  return [
    ...routes.flatMap((route) => ofRoute(route, groupId(config, route))),
    shared({
      ...{ resource: 'group', name: groupOfReaders(config), operation: 'Describe' },
      why: 'reads messages that are kept in Kafka, and where topics end',
    }),
    ...topic(events.topic, 'lifecycle events'),
    ...topic(audit.topic, 'what operators did'),
  ];
}

function ofRoute(route: RouteConfig, ownGroup: string): Need[] {
  const { name, topic, retryTopic, deadLetterTopic, consumerGroup, redelivery } = route;
  const onTopic = (of: string, operation: Operation, why: string): Need => ({
    ...{ route: name, resource: 'topic', name: of, operation, why },
    ...(operation === 'DescribeConfigs' ? { optional: true as const } : {}),
  });
  const onGroup = (of: string, operation: Operation, why: string): Need => ({
    ...{ route: name, resource: 'group', name: of, operation, why },
  });
  const settings = 'looks whether it is compacted, and in doctor at retention and replicas';
  const target = redelivery.topic ?? topic;
  return [
    onTopic(topic, 'Read', 'values that are kept at the origin'),
    onTopic(target, 'Write', 'redeliveries'),
    onTopic(retryTopic, 'Read', 'failures and what waits behind them'),
    onTopic(retryTopic, 'Write', 'the journal, carried-forward and redriven messages'),
    onTopic(deadLetterTopic, 'Read', 'the list of dead letters, and redrives'),
    onTopic(deadLetterTopic, 'Write', 'dead letters'),
    ...[...new Set([topic, retryTopic, deadLetterTopic, target])].map((each) =>
      onTopic(each, 'DescribeConfigs', settings),
    ),
    onGroup(ownGroup, 'Read', 'the replicas share the shards, and commit'),
    onGroup(`${ownGroup}.dead-letters`, 'Describe', 'reads dead letters'),
    onGroup(`${ownGroup}.redrives`, 'Describe', 'reads what is redriven'),
    onGroup(consumerGroup, 'Describe', 'what your consumers have committed'),
  ];
}

/** `Read on topic orders.retry`. */
export function nameOf({ operation, resource, name }: Need): string {
  return `${operation} on ${resource} ${name}`;
}
