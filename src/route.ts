import type { Audit } from './audit/audit.ts';
import type { Clock } from './clock.ts';
import type { Component } from './component.ts';
import { inOrder } from './component.ts';
import type { Config, RouteConfig } from './config/config.ts';
import { groupId } from './config/config.ts';
import { DecisionLog } from './decision-log.ts';
import type { EventFeed } from './events/event-feed.ts';
import { eventOf } from './events/lifecycle-event.ts';
import { Evidence } from './evidence/evidence.ts';
import { FailureLog } from './failures/failure-log.ts';
import { FailureStore } from './failures/failure-store.ts';
import type { Failed } from './failures/failure-tally.ts';
import type { RouteDesk } from './http/route-desk.ts';
import type { OnClientError } from './kafka/client-errors.ts';
import type { KafkaOffsets } from './kafka/offsets.ts';
import type { PlaceReader } from './kafka/place-reader.ts';
import type { KafkaProducer } from './kafka/producer.ts';
import { RetryConsumer } from './kafka/retry-consumer.ts';
import { RouteTopics } from './kafka/route-topics.ts';
import type { SettingsWatch } from './kafka/settings-watch.ts';
import type { Logger } from './logger.ts';
import { ErrorClasses } from './metrics/error-classes.ts';
import type { Metrics } from './metrics/metrics.ts';
import { LagReadings } from './ownership/lag-readings.ts';
import { RouteWorker } from './ownership/route-worker.ts';
import { ReadShard } from './ownership/shard-readings.ts';
import type { GivenUp } from './notifications/digest.ts';
import { givenUp } from './notifications/given-up.ts';
import type { Notifier } from './notifications/notifier.ts';
import { BoxScripts } from './penalty-box/box-scripts.ts';
import type { BoxCall } from './penalty-box/box-scripts.ts';
import type { Job } from './penalty-box/entry.ts';
import { GateBox } from './penalty-box/gate-box.ts';
import { OperatorBox } from './penalty-box/operator-box.ts';
import { RouteLoad } from './protection/route-load.ts';
import { createBackpressure } from './route-backpressure.ts';
import { createDeadLetters } from './route-dead-letters.ts';
import { createHotKeys } from './route-hot-keys.ts';
import { RoutePositions } from './route-positions.ts';
import { createProtection } from './route-protection.ts';
import { createRedrives } from './route-redrives.ts';
import { openShard } from './route-shards.ts';
import type { RedisServers } from './redis/servers.ts';
import { wakeChannel } from './redis/shard-keys.ts';
import type { Tracing } from './tracing/tracing.ts';

/** What all routes of the process share. */
export interface Shared {
  readonly config: Config;
  readonly servers: RedisServers;
  readonly offsets: KafkaOffsets;
  readonly producer: KafkaProducer;
  /** Of redrives and of what became of dead letters: neither waits for the redeliveries of the other producer. */
  readonly redriveProducer: KafkaProducer;
  /** Headers and values that Redis does not hold. */
  readonly contents: PlaceReader;
  /** How topics are set. */
  readonly settings: Pick<SettingsWatch, 'problems' | 'holds'>;
  /** For operators: what they look at is not to hold up what is due. */
  readonly views: PlaceReader;
  /** null: nobody wants to hear of them. */
  readonly events: EventFeed | null;
  readonly notifier: Notifier | null;
  readonly metrics: Metrics;
  readonly audit: Pick<Audit, 'recordOwn'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly nonce: () => string;
  readonly onClientError: OnClientError;
  /** null: no SDK was loaded. */
  readonly tracing: Tracing | null;
}

export interface Route extends Component {
  readonly desk: RouteDesk;
  /** Something of a shard is due at that time (epoch ms). */
  wake(partition: number, at: number): void;
  /** What was held back may be released now. */
  wakeAll(): void;
}

/** Puts the parts of one route together. */
export function createRoute(route: RouteConfig, shared: Shared): Route {
  const { config, servers, offsets, settings, metrics, clock, random } = shared;
  const { events, notifier } = shared;
  const logger = shared.logger.child({ route: route.name });
  const decisions = new DecisionLog({ logger, keys: config.log.keys });
  const group = groupId(config, route);
  const ordered = route.ordering === 'key';
  const hold = ordered && route.afterDeadLetter === 'hold';
  const redeliveryTopic = route.redelivery.topic ?? route.topic;
  const { keyPrefix } = config.redis;
  /** Of the server that holds the shard. */
  const clockOf = (partition: number): { now: () => number; past: () => number } => {
    const key = wakeChannel(keyPrefix, route.name, partition);
    return {
      now: () => servers.serverOf(key).clock.now(),
      past: () => servers.serverOf(key).clock.past(),
    };
  };

  const scripts = new BoxScripts({
    servers,
    clock,
    keyPrefix,
    route: route.name,
    onCall: (call) => {
      countCall(metrics, ordered, call);
      for (const each of call.told) events?.publish(eventOf(each, route, call.partition));
      decisions.changed(call.partition, call.told);
    },
    tell: () => events !== null || logger.writes('debug'),
  });
  const tellGivenUp = (partition: number, job: Job): void => {
    if (events === null && notifier === null) return;
    const message = givenUp(job, { topic: route.topic, partition }, hold, clock.now());
    if (message === null) return;
    events?.publish({ type: 'dead-lettered', route: route.name, partition, ...deadLetterFacts(message) });
    if (message.reason !== 'operator') notifier?.gaveUp(route.name, message);
  };
  const operator = new OperatorBox(scripts);
  const gate = new GateBox({
    scripts,
    policy: route,
    random,
    blocking: (partition) => protection.blocking(partition),
    onOutcomes: (...told) => {
      protection.outcomes.told(...told);
      decisions.told(...told);
    },
    onVerdicts: (...judged) => {
      protection.outcomes.judged(...judged);
      decisions.admitted(...judged);
    },
  });
  const topics = new RouteTopics({
    offsets,
    route,
    onIds: (ids) => {
      metrics.routePartitions.set({ route: route.name }, topics.partitions);
      for (const shard of worker.shards) shard.onTopics(ids);
    },
    onDeadLetters: (topic) => {
      deadLetters.indexer.see(topic);
    },
    clock,
    logger,
  });
  const failureStore = new FailureStore({ servers, keyPrefix, route: route.name });
  const failures = new FailureLog({ store: failureStore, clock, logger });
  const hotKeys = createHotKeys(route, {
    ...shared,
    keyPrefix,
    operator,
    owned: () => worker.shards.filter(({ restored }) => restored).map(({ partition }) => partition),
  });
  const classes = new ErrorClasses();
  const failed = (failure: Failed): void => {
    failures.add(failure);
    metrics.failures.inc({ route: route.name, error_class: classes.labelOf(failure.errorClass) });
    hotKeys.failed(failure);
  };
  const load = new RouteLoad({
    ...{ servers, keyPrefix, route: route.name, clock, logger },
    partitions: () => topics.partitions,
    onRead: ({ heldBytes }, holders) => {
      backpressure.look(heldBytes, holders);
    },
  });
  const protection = createProtection(route, {
    ...shared,
    keyPrefix,
    logger,
    partitions: () => topics.partitions,
    owned: () => worker.shards.length,
    lockedKeys: () => (topics.partitions === 0 ? null : load.lockedKeys),
    held: () => settings.holds(route.name),
    wake: () => {
      for (const shard of worker.shards) shard.wake(0);
    },
  });
  const { control } = protection;
  const backpressure = createBackpressure(route, {
    ...shared,
    logger,
    pause: (partition) => {
      consumer.pause(partition);
    },
    resume: (partition) => {
      consumer.resume(partition);
    },
  });
  const readings = new Map<number, ReadShard>();

  const positions = new RoutePositions(route, offsets);

  const worker: RouteWorker = new RouteWorker({
    route: route.name,
    clock,
    logger,
    open: (partition) =>
      openShard(partition, route, {
        ...shared,
        ...{ scripts, protection, backpressure, consumer, positions, decisions, logger },
        ...{ group, redeliveryTopic, hold, clockOf, failed, tellGivenUp },
        onRebuilt: () => {
          // All that is locked now has been counted as locked anew.
          const lost = readings.get(partition)?.takeLost() ?? 0;
          metrics.locksReleased.inc({ route: route.name, reason: 'lost' }, lost);
        },
      }),
    pause: (partition) => {
      consumer.pause(partition);
    },
    resume: (partition) => {
      if (!backpressure.stops(partition)) consumer.resume(partition);
    },
    onRebalance: () => {
      metrics.rebalances.inc({ route: route.name });
    },
    onOwned: (shard) => {
      deadLetters.indexer.reassign();
      const depth = (): number => (shard.partition === 0 ? deadLetters.indexer.depth : 0);
      const { now } = clockOf(shard.partition);
      const reading = new ReadShard(shard, { operator, now, clock, ordered, lags, deadLetters: depth });
      readings.set(shard.partition, reading);
      backpressure.own(shard);
      metrics.gauges.setShard(route.name, shard.partition, reading);
    },
    onGone: (partition) => {
      deadLetters.indexer.reassign();
      readings.get(partition)?.stop();
      readings.delete(partition);
      lags.forget(partition);
      backpressure.leave(partition);
      metrics.gauges.dropShard(route.name, partition);
    },
  });

  const consumer = new RetryConsumer({
    config,
    groupId: group,
    topic: route.retryTopic,
    listener: worker,
    onClientError: shared.onClientError,
    clock,
    logger,
  });

  const evidence = new Evidence({
    offsets,
    consumerGroup: route.consumerGroup,
    mainTopic: route.topic,
    retryTopic: route.retryTopic,
    redeliveryTopic,
    gated: route.gate,
    shards: () => worker.shards.filter(({ restored }) => restored),
    onCommitted: (committed, ranges) => {
      protection.committed(committed, ranges);
    },
    clock,
    logger,
  });

  const lags = new LagReadings({
    offsets,
    consumerGroup: route.consumerGroup,
    mainTopic: route.topic,
    retryTopic: route.retryTopic,
    shards: () => worker.shards,
    timestampOf: async (partition, offset) => {
      const found = await shared.views.read({ topic: route.retryTopic, partition, offset });
      return found.kind === 'read' ? found.timestamp : null;
    },
    clock,
  });

  const deadLetters = createDeadLetters(route, {
    ...shared,
    producer: shared.redriveProducer,
    logger,
    owns: (shard) => worker.shard(shard) !== undefined,
    shards: () => topics.partitions,
  });

  const redrives = createRedrives(route, {
    ...shared,
    logger,
    index: deadLetters.desk.index,
    ownsFirst: () => worker.shard(0) !== undefined,
    partitions: () => topics.partitions,
  });

  const desk: RouteDesk = {
    config: route,
    gate,
    operator,
    control,
    rate: protection.rate,
    failures: { log: { add: failed }, store: failureStore },
    hotKeys: hotKeys.desk,
    backpressure: () => backpressure.state,
    deadLetters: deadLetters.desk,
    redrives: redrives.desk,
    partitionCount: () => topics.partitions,
    mainPartitionCount: () => topics.mainPartitions,
    refreshTopics: () => topics.refresh(),
    problems: () => [...topics.problems, ...settings.problems(route.name)],
    shards: () =>
      worker.shards.map(({ partition, restored, journalLate }) => ({ partition, restored, journalLate })),
    retryEnd: async (partition) => (await positions.retryRange(partition)).end,
    committed: (partition) => positions.committed(partition),
    retryEnds: () => positions.retryEnds(),
    readTo: (partition) => positions.readTo(partition),
    positions: () => positions.main(),
    deadLetterCount: async () => (await deadLetters.desk.state()).open,
  };

  return {
    ...inOrder([
      failures,
      hotKeys,
      protection,
      topics,
      load,
      deadLetters,
      consumer,
      evidence,
      lags,
      redrives,
    ]),
    desk,
    wake: (partition, at) => {
      worker.shard(partition)?.wake(at);
    },
    wakeAll: () => {
      for (const shard of worker.shards) shard.wake(0);
    },
  };
}

function countCall(
  metrics: Metrics,
  ordered: boolean,
  { route, operation, seconds, acquired, released }: BoxCall,
): void {
  metrics.redisScript.observe({ route, script: operation }, seconds);
  if (!ordered) return;
  if (acquired > 0) metrics.locksAcquired.inc({ route }, acquired);
  for (const { reason, ageMs } of released) {
    metrics.locksReleased.inc({ route, reason: reason as never });
    metrics.lockHeld.observe({ route }, ageMs / 1_000);
  }
}

function deadLetterFacts({ key, origin, attempt, reason, errorClass }: GivenUp) {
  return { key, origin, attempt, reason, ...(errorClass === '' ? {} : { errorClass }) };
}
