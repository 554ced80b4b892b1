import type { Clock } from './clock.ts';
import type { RouteConfig } from './config/config.ts';
import type { DecisionLog } from './decision-log.ts';
import { placeHeaders } from './domain/outgoing-headers.ts';
import type { Failed } from './failures/failure-tally.ts';
import type { KafkaOffsets } from './kafka/offsets.ts';
import type { PlaceReader } from './kafka/place-reader.ts';
import type { KafkaProducer } from './kafka/producer.ts';
import type { RetryConsumer } from './kafka/retry-consumer.ts';
import { topicIdsOf } from './kafka/topic-problems.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics/metrics.ts';
import { Shard } from './ownership/shard.ts';
import type { BoxScripts } from './penalty-box/box-scripts.ts';
import type { Arrival, Job } from './penalty-box/entry.ts';
import { errorOf } from './penalty-box/payload.ts';
import type { RouteBackpressure } from './route-backpressure.ts';
import type { RoutePositions } from './route-positions.ts';
import type { Protection } from './route-protection.ts';
import type { Tracing } from './tracing/tracing.ts';

interface Needs {
  readonly scripts: BoxScripts;
  readonly protection: Protection;
  readonly backpressure: RouteBackpressure;
  readonly consumer: RetryConsumer;
  readonly producer: KafkaProducer;
  readonly contents: PlaceReader;
  readonly offsets: KafkaOffsets;
  readonly positions: RoutePositions;
  readonly tracing: Tracing | null;
  readonly decisions: DecisionLog;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: () => number;
  readonly nonce: () => string;
  readonly logger: Logger;
  /** The service's own group. */
  readonly group: string;
  readonly redeliveryTopic: string;
  /** A dead letter parks its key. */
  readonly hold: boolean;
  /** Of the server that holds the shard, epoch ms. */
  readonly clockOf: (partition: number) => { readonly now: () => number; readonly past: () => number };
  readonly failed: (failure: Failed) => void;
  readonly tellGivenUp: (partition: number, job: Job) => void;
  readonly onRebuilt: (partition: number) => void;
}

/** Sends on their way to Kafka, of all routes together: what is released beyond that would only wait in memory. */
const SENDS_LIMIT = 6_000;

/** Messages that wait for their headers and values, likewise: 20,000 of them took 100 MB. They don't hold up the others. */
const READS_LIMIT = 5_000;

/** One shard of a route, with all that it needs of the route and of the process. */
export function openShard(partition: number, route: RouteConfig, needs: Needs): Shard {
  const { scripts, protection, backpressure, consumer, producer, contents, offsets, positions } = needs;
  const { metrics, clock, random, nonce, logger, tracing, decisions } = needs;
  const { hold, redeliveryTopic, group } = needs;
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
      range: () => positions.retryRange(partition),
    },
    inlineUpTo: () => backpressure.inlineUpTo(partition),
    reading: () => !backpressure.stops(partition),
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
        positions.retryRange(partition),
      ]);
      return { committed: committed.get(partition) ?? -1, range };
    },
    topicIds: async () => topicIdsOf(route, await offsets.topics([route.retryTopic, route.topic])),
    ...needs.clockOf(partition),
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
        needs.failed({ unit: arrival.unit, partition, errorClass, message });
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
      needs.tellGivenUp(partition, job);
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
      if (rebuilt) {
        protection.rate.restart('a shard was rebuilt');
        needs.onRebuilt(partition);
      }
      metrics.stateRestore.observe({ route: route.name }, seconds);
    },
  });
}

/** A failed attempt that no gate has told. */
function isFailure({ attempt, announced, carried, malformed }: Arrival): boolean {
  return attempt > 0 && !announced && carried === null && !malformed;
}
