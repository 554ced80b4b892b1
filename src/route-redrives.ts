import type { Clock } from './clock.ts';
import type { Component } from './component.ts';
import type { Config, RouteConfig } from './config/config.ts';
import { groupId } from './config/config.ts';
import type { DeadLetterIndex } from './dead-letters/dead-letter-index.ts';
import { AssignedConsumer } from './kafka/assigned-consumer.ts';
import type { OnClientError } from './kafka/client-errors.ts';
import type { KafkaOffsets } from './kafka/offsets.ts';
import type { PlaceReader } from './kafka/place-reader.ts';
import type { KafkaProducer } from './kafka/producer.ts';
import { RangeReader } from './kafka/range-reader.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { RedisServers } from './redis/servers.ts';
import { RedriveDesk } from './redrive/redrive-desk.ts';
import { RedriveRunner } from './redrive/redrive-runner.ts';
import { RedriveStore } from './redrive/redrive-store.ts';

interface Deps {
  readonly config: Config;
  readonly servers: RedisServers;
  readonly offsets: KafkaOffsets;
  readonly redriveProducer: KafkaProducer;
  /** For operators: what they want is not to hold up what is due. */
  readonly views: PlaceReader;
  readonly metrics: Metrics;
  readonly index: DeadLetterIndex;
  /** This replica owns the route's first shard. */
  readonly ownsFirst: () => boolean;
  /** Partitions of the retry topic. */
  readonly partitions: () => number;
  readonly nonce: () => string;
  readonly onClientError: OnClientError;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Redrives extends Component {
  readonly desk: RedriveDesk;
}

/** Puts the redrives of one route together. */
export function createRedrives(route: RouteConfig, deps: Deps): Redrives {
  const { config, servers, offsets, metrics, nonce, clock, logger, onClientError } = deps;
  const { topic, retryTopic, deadLetterTopic } = route;
  const store = new RedriveStore({ servers, keyPrefix: config.redis.keyPrefix, route: route.name });
  const groupOfReaders = `${groupId(config, route)}.redrives`;
  const topicId = async (name: string): Promise<string> => (await offsets.topics([name])).get(name)?.id ?? '';
  const runner = new RedriveRunner({
    store,
    mayRun: deps.ownsFirst,
    holder: nonce(),
    onRunning: (count) => {
      metrics.redriveJobs.set({ route: route.name }, count);
    },
    run: {
      index: deps.index,
      readerOf: (read, { uncommitted }) =>
        new RangeReader({
          consumer: new AssignedConsumer({
            ...{ config, groupId: groupOfReaders, uncommitted, clock, logger, onClientError },
          }),
          ...{ topic: read, clock },
        }),
      send: (place, record, settle) => {
        deps.redriveProducer.send(place, record, settle);
      },
      readOrigin: (origin) => deps.views.read(origin),
      ranges: (name, see) => offsets.ranges(name, see),
      topicId,
      deadLetterTopic,
      destination: () => ({ route: route.name, topic, retryTopic, partitions: deps.partitions() }),
      onPublished: (count) => {
        metrics.redriven.inc({ route: route.name }, count);
      },
      now: () => clock.now(),
    },
    clock,
    logger,
  });
  const desk = new RedriveDesk({
    store,
    deadLetters: async () => ({
      id: await topicId(deadLetterTopic),
      ranges: await offsets.ranges(deadLetterTopic),
    }),
    newId: () => `r-${nonce()}`,
    onChange: () => {
      runner.nudge();
    },
    clock,
  });
  return { desk, start: () => runner.start(), stop: () => runner.stop() };
}
