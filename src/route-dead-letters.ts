import type { Clock } from './clock.ts';
import { inOrder } from './component.ts';
import type { Component } from './component.ts';
import type { Config, RouteConfig } from './config/config.ts';
import { groupId } from './config/config.ts';
import { DeadLetterDesk } from './dead-letters/dead-letter-desk.ts';
import { DeadLetterIndex } from './dead-letters/dead-letter-index.ts';
import { DeadLetterIndexer } from './dead-letters/indexer.ts';
import { IndexScripts } from './dead-letters/index-scripts.ts';
import { RecordReader } from './dead-letters/record-reader.ts';
import { IndexWriter } from './dead-letters/index-writer.ts';
import { AssignedConsumer } from './kafka/assigned-consumer.ts';
import type { OnClientError } from './kafka/client-errors.ts';
import type { KafkaOffsets } from './kafka/offsets.ts';
import type { PlaceReader } from './kafka/place-reader.ts';
import type { KafkaProducer } from './kafka/producer.ts';
import type { Logger } from './logger.ts';
import type { RedisServers } from './redis/servers.ts';

interface Deps {
  readonly config: Config;
  readonly servers: RedisServers;
  readonly offsets: KafkaOffsets;
  readonly producer: KafkaProducer;
  readonly views: PlaceReader;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nonce: () => string;
  readonly onClientError: OnClientError;
  /** Whether this replica owns that shard now. */
  readonly owns: (shard: number) => boolean;
  /** Of the route; 0 = unknown. */
  readonly shards: () => number;
}

/** What a route has for its dead letters. */
export interface RouteDeadLetters extends Component {
  readonly indexer: DeadLetterIndexer;
  readonly desk: DeadLetterDesk;
}

/** Puts together what reads and keeps the dead letters of one route. */
export function createDeadLetters(
  route: RouteConfig,
  { config, servers, offsets, producer, views, clock, logger, nonce, owns, shards, onClientError }: Deps,
): RouteDeadLetters {
  const { deadLetterTopic: topic, topic: mainTopic } = route;
  const group = `${groupId(config, route)}.dead-letters`;
  const open = (): AssignedConsumer =>
    new AssignedConsumer({ config, groupId: group, clock, logger, onClientError });
  const scripts = new IndexScripts({ servers, keyPrefix: config.redis.keyPrefix, route: route.name });
  const index = new DeadLetterIndex({
    ...{ scripts, topic, mainTopic, clock },
    send: (place, record, settle) => {
      producer.send(place, record, settle);
    },
  });
  const ranges = () => offsets.ranges(topic);
  const { indexLimit: limit } = route.deadLetters;
  const indexer = new DeadLetterIndexer({
    index,
    writer: new IndexWriter({ scripts, index, mainTopic, limit, nonce, ranges }),
    ...{ open, topic, ranges, clock, logger, route: route.name },
    // Whoever owns the shard of the same number; where there are more of them, they go round.
    reads: (partition) => shards() > 0 && owns(partition % shards()),
  });
  const records = new RecordReader({ topic, ranges, read: (place) => views.read(place) });
  const desk = new DeadLetterDesk({
    route,
    scripts,
    index,
    records,
    origins: views,
    partitions: () => indexer.partitions,
  });
  return { ...inOrder([indexer]), indexer, desk };
}
