import type { Audit } from './audit/audit.ts';
import type { Clock } from './clock.ts';
import type { Component } from './component.ts';
import { inOrder } from './component.ts';
import type { Config, RouteConfig } from './config/config.ts';
import { groupId } from './config/config.ts';
import { DecisionLog } from './decision-log.ts';
import { placeHeaders } from './domain/outgoing-headers.ts';
import { OrchestratorError } from './errors.ts';
import type { EventFeed } from './events/event-feed.ts';
import { eventOf } from './events/lifecycle-event.ts';
import { Evidence } from './evidence/evidence.ts';
import type { Position } from './explanation/facts.ts';
import { FailureLog } from './failures/failure-log.ts';
import { FailureStore } from './failures/failure-store.ts';
import type { Failed } from './failures/failure-tally.ts';
import type { RouteDesk } from './http/route-desk.ts';
import type { OnClientError } from './kafka/client-errors.ts';
import type { KafkaOffsets, Range } from './kafka/offsets.ts';
import type { PlaceReader } from './kafka/place-reader.ts';
import type { KafkaProducer } from './kafka/producer.ts';
import { RetryConsumer } from './kafka/retry-consumer.ts';
import { RouteTopics } from './kafka/route-topics.ts';
import type { SettingsWatch } from './kafka/settings-watch.ts';
import { topicIdsOf } from './kafka/topic-problems.ts';
import type { Logger } from './logger.ts';
import { ErrorClasses } from './metrics/error-classes.ts';
import type { Metrics } from './metrics/metrics.ts';
import { RouteWorker } from './ownership/route-worker.ts';
import { Shard } from './ownership/shard.ts';
import { ReadShard } from './ownership/shard-readings.ts';
import type { GivenUp } from './notifications/digest.ts';
import { givenUp } from './notifications/given-up.ts';
import type { Notifier } from './notifications/notifier.ts';
import { BoxScripts } from './penalty-box/box-scripts.ts';
import type { BoxCall } from './penalty-box/box-scripts.ts';
import type { Arrival, Job } from './penalty-box/entry.ts';
import { GateBox } from './penalty-box/gate-box.ts';
import { OperatorBox } from './penalty-box/operator-box.ts';
import { errorOf } from './penalty-box/payload.ts';
import { RouteLoad } from './protection/route-load.ts';
import { createBackpressure } from './route-backpressure.ts';
import { createDeadLetters } from './route-dead-letters.ts';
import { createHotKeys } from './route-hot-keys.ts';
import { createProtection } from './route-protection.ts';
import { createRedrives } from './route-redrives.ts';
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

/** Sends on their way to Kafka, of all routes together: what is released beyond that would only wait in memory. */
const SENDS_LIMIT = 6_000;

/** Messages that wait for their headers and values, likewise: they are small until then, and don't hold up the others. */
const READS_LIMIT = 20_000;

/** Puts the parts of one route together. */
export function createRoute(route: RouteConfig, shared: Shared): Route {
  const { config, servers, offsets, producer, contents, settings, metrics, clock, random, nonce } = shared;
  const { events, notifier, tracing } = shared;
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
    },
    tell: events !== null,
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

  const lacks = (partition: number): OrchestratorError =>
    new OrchestratorError('UNAVAILABLE', `${route.retryTopic} has no partition ${partition} now`, {
      retryAfterMs: 1_000,
    });
  const retryRange = async (partition: number): Promise<Range> => {
    const range = (await offsets.ranges(route.retryTopic)).get(partition);
    if (range === undefined) throw lacks(partition);
    return range;
  };

  const worker: RouteWorker = new RouteWorker({
    route: route.name,
    clock,
    logger,
    open: openShard,
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
      const reading = new ReadShard(shard, { operator, now, clock, ordered, deadLetters: depth });
      readings.set(shard.partition, reading);
      backpressure.own(shard);
      metrics.gauges.setShard(route.name, shard.partition, reading);
    },
    onGone: (partition) => {
      deadLetters.indexer.reassign();
      readings.get(partition)?.stop();
      readings.delete(partition);
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

  function openShard(partition: number): Shard {
    return new Shard(partition, {
      scripts,
      arrivalPolicy: {
        mainTopic: route.topic,
        ordering: route.ordering,
        backoff: route.backoff,
        maxAttempts: route.maxAttempts,
      },
      releasePolicy: {
        // Without a gate nothing that was sent can be recalled.
        get window() {
          return protection.window();
        },
        maxAttempts: route.maxAttempts,
        maxAge: route.maxAge,
      },
      destinations: {
        route: route.name,
        redeliveryTopic,
        deadLetterTopic: route.deadLetterTopic,
        retryTopic: route.retryTopic,
        home: { topic: route.topic, partition },
        place: placeHeaders(route.name, { topic: route.topic, partition }),
      },
      gated: route.gate,
      hold,
      undeliverableAttempts: route.undeliverable.attempts,
      limit: protection.limitOf(partition),
      permits: protection.permitsOf(partition),
      room: () => Math.min(SENDS_LIMIT - producer.inFlight, READS_LIMIT - contents.waiting),
      send: (place, record, settle) => {
        producer.send(place, record, settle);
      },
      retryTopic: route.retryTopic,
      journalInterval: route.journalInterval,
      carryForward: route.carryForward,
      firstYoungerThan: async (age) => {
        const first = await offsets.firstSince(route.retryTopic, clock.now() - age);
        return first.get(partition) ?? 0;
      },
      content: {
        retryTopic: route.retryTopic,
        home: { topic: route.topic, partition },
        lend: (place) => contents.lend(place),
        range: () => retryRange(partition),
      },
      inlineUpTo: () => backpressure.inlineUpTo(partition),
      onFull: () => {
        backpressure.onFull(partition);
      },
      onLost: () => {
        metrics.payloadsLost.inc({ route: route.name });
      },
      read: async (offset) => {
        await consumer.read(partition, offset);
        backpressure.onSought(partition);
      },
      commit: (checkpoint) => consumer.commit(partition, checkpoint),
      checkpoint: async () => {
        const [committed, range] = await Promise.all([
          offsets.committed(group, route.retryTopic),
          retryRange(partition),
        ]);
        return { committed: committed.get(partition) ?? -1, range };
      },
      topicIds: async () => topicIdsOf(route, await offsets.topics([route.retryTopic, route.topic])),
      ...clockOf(partition),
      clock,
      random,
      nonce,
      tracing,
      logger,
      onIngested: ({ failed, behind, again, arrived, duplicate, late, moved }) => {
        metrics.redirected.inc({ route: route.name, reason: 'failed' }, failed + again);
        metrics.redirected.inc({ route: route.name, reason: 'behind' }, behind);
        if (again > 0) metrics.retriesProcessed.inc({ route: route.name, result: 'failed' }, again);
        metrics.carriedForward.inc({ route: route.name }, moved);
        logger.debug(
          { event: 'ingested', partition, failed, behind, again, arrived, duplicate, late, moved },
          'batch ingested',
        );
      },
      onArrived: (arrivals) => {
        backpressure.onArrived(partition, arrivals);
        for (const arrival of arrivals) {
          if (!isFailure(arrival)) continue;
          protection.outcomes.arrived(partition, arrival);
          const { errorClass, errorMessage: message } = errorOf(arrival.payload);
          failed({ unit: arrival.unit, partition, errorClass, message });
        }
      },
      onReleased: (jobs) => {
        decisions.released(partition, jobs);
      },
      onWritten: (job, latenessMs) => {
        protection.rate.redelivered(1);
        const { deadLetter, retryOffset } = job;
        metrics.releaseLateness.observe({ route: route.name }, latenessMs / 1_000);
        if (deadLetter === null) {
          metrics.redeliveryAttempt.observe({ route: route.name }, job.attempt + 1);
          decisions.redelivered(partition, job, latenessMs);
          return;
        }
        tellGivenUp(partition, job);
        metrics.deadLetters.inc({ route: route.name, reason: deadLetter });
        logger.info(
          { event: 'dead_lettered', partition, offset: retryOffset, reason: deadLetter },
          'dead-lettered',
        );
      },
      onUnpublishable: ({ deadLetter }) => {
        metrics.publishesRefused.inc({
          route: route.name,
          to: deadLetter === null ? 'redelivery' : 'dead-letter',
        });
      },
      onFindings: ({ reaped, succeeded }) => {
        protection.outcomes.succeeded(succeeded);
        decisions.inferred(partition, succeeded);
        metrics.zombiesReaped.inc({ route: route.name }, reaped.length);
        metrics.retriesProcessed.inc({ route: route.name, result: 'succeeded' }, succeeded);
      },
      onRestored: (seconds, rebuilt) => {
        if (rebuilt) protection.rate.restart('a shard was rebuilt');
        metrics.stateRestore.observe({ route: route.name }, seconds);
      },
    });
  }

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

  /** How far the group has read the main topic. */
  const positions = async (): Promise<ReadonlyMap<number, Position>> => {
    const [committed, ranges] = await Promise.all([
      offsets.committed(route.consumerGroup, route.topic),
      offsets.ranges(route.topic),
    ]);
    const known = committed.size > 0;
    return new Map(
      [...ranges].map(([partition, { end }]) => [
        partition,
        { partition, committed: committed.get(partition) ?? null, end, known },
      ]),
    );
  };

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
    retryEnd: async (partition) => (await retryRange(partition)).end,
    committed: async (partition) =>
      (await offsets.committed(route.consumerGroup, redeliveryTopic)).get(partition) ?? -1,
    retryEnds: async () => {
      const ranges = await offsets.ranges(route.retryTopic);
      return new Map([...ranges].map(([partition, { end }]) => [partition, end]));
    },
    readTo: async (partition) => {
      const position = (await positions()).get(partition);
      if (position === undefined) throw lacks(partition);
      return position;
    },
    positions,
    deadLetterCount: async () => (await deadLetters.desk.state()).open,
  };

  return {
    ...inOrder([failures, hotKeys, protection, topics, load, deadLetters, consumer, evidence, redrives]),
    desk,
    wake: (partition, at) => {
      worker.shard(partition)?.wake(at);
    },
    wakeAll: () => {
      for (const shard of worker.shards) shard.wake(0);
    },
  };
}

/** A failed attempt that no gate has told. */
function isFailure({ attempt, announced, carried, malformed }: Arrival): boolean {
  return attempt > 0 && !announced && carried === null && !malformed;
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
