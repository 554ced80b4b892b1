import type { Config, RouteConfig } from '../config/config.ts';
import { groupId } from '../config/config.ts';
import type { ClusterView, Read } from '../kafka/cluster-view.ts';
import { whyOf } from '../kafka/cluster-view.ts';
import type { KafkaOffsets } from '../kafka/offsets.ts';
import type { RedisServers } from '../redis/servers.ts';
import type { GroupsSeen } from './group-findings.ts';
import { holdsShard } from './read-redis.ts';

interface Deps {
  readonly config: Pick<Config, 'kafka' | 'redis'>;
  readonly offsets: Pick<KafkaOffsets, 'committed' | 'ranges'>;
  readonly view: Read<ClusterView>;
  /** null: Redis does not answer. */
  readonly servers: RedisServers | null;
}

/** The groups of a route, whose topic for redeliveries has to be there. */
export async function readGroups(
  route: RouteConfig,
  { config, offsets, view, servers }: Deps,
): Promise<GroupsSeen> {
  const topic = route.redelivery.topic ?? route.topic;
  const group = (id: string): Promise<GroupsSeen['own']> =>
    view.kind === 'read' ? view.value.group(id) : Promise.resolve(view);
  const [application, own, committed, ranges, knownToRedis] = await Promise.all([
    group(route.consumerGroup),
    group(groupId(config, route)),
    readOr(offsets.committed(route.consumerGroup, topic)),
    offsets.ranges(topic).catch(() => new Map<number, never>()),
    servers === null ? null : holdsShard(servers, config.redis.keyPrefix, route.name, 0).catch(() => null),
  ]);
  return { application, own, committed, ranges, knownToRedis };
}

async function readOr<Value>(answer: Promise<Value>): Promise<Read<Value>> {
  try {
    return { kind: 'read', value: await answer };
  } catch (error) {
    return { kind: 'unreadable', why: whyOf(error) };
  }
}
