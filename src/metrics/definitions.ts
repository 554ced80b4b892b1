/**
 * Every metric of the service, for the registry (metrics.ts) and for docs/metrics.md. Names come after `retry_orchestrator_`.
 * Each carries the label `route`; `labels` are those besides it. No label ever holds a key, so that their number is bounded.
 */

/** The values a label may have; null: as many as there are scripts or partitions, known only when they run. */
type LabelValues = readonly string[] | null;

export interface Definition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelValues>>;
  readonly buckets?: readonly number[];
}

const DAY = 86_400;

export const definitions = {
  locksAcquired: {
    type: 'counter',
    name: 'locks_acquired_total',
    help: 'Keys that were locked.',
    labels: {},
  },
  locksReleased: {
    type: 'counter',
    name: 'locks_released_total',
    help: 'Keys that were unlocked, by what resolved their last message.',
    labels: { reason: ['succeeded', 'dead-lettered', 'discarded', 'reaped', 'unparked'] },
  },
  lockHeld: {
    type: 'histogram',
    name: 'lock_held_seconds',
    help: 'How long a key was locked.',
    labels: {},
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 4 * 3_600, DAY, 3 * DAY, 7 * DAY],
  },
  redirected: {
    type: 'counter',
    name: 'redirected_total',
    help: 'Records sent to the retry topic: because they failed, or behind one of their key that did.',
    labels: { reason: ['failed', 'behind'] },
  },
  handedOff: {
    type: 'counter',
    name: 'handed_off_total',
    help: 'Records that a consumer was told to hold instead of sending them to the retry topic: their key was about to be unlocked.',
    labels: {},
  },
  retriesProcessed: {
    type: 'counter',
    name: 'retries_processed_total',
    help: 'Redeliveries whose outcome is known.',
    labels: { result: ['succeeded', 'failed', 'unanswered'] },
  },
  deadLetters: {
    type: 'counter',
    name: 'dead_letters_total',
    help: 'Messages given up, by reason.',
    labels: {
      reason: ['exhausted', 'fatal', 'expired', 'malformed', 'undeliverable', 'unanswered', 'operator'],
    },
  },
  publishesRefused: {
    type: 'counter',
    name: 'publishes_refused_total',
    help: 'Redeliveries and dead letters that Kafka refused for their own sake: too large, forbidden, invalid.',
    labels: { to: ['redelivery', 'dead-letter'] },
  },
  releaseLateness: {
    type: 'histogram',
    name: 'release_lateness_seconds',
    help: 'Time between the moment a retry was due and its acknowledgement by Kafka.',
    labels: {},
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  stateRestore: {
    type: 'histogram',
    name: 'state_restore_seconds',
    help: 'How long a shard took from its assignment until it was restored.',
    labels: {},
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600],
  },
  redisScript: {
    type: 'histogram',
    name: 'redis_script_seconds',
    help: 'Time until Redis answered a script.',
    labels: { script: null },
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
  zombiesReaped: {
    type: 'counter',
    name: 'zombies_reaped_total',
    help: 'Announced messages that never came, closed on proof that they never will.',
    labels: {},
  },
  redriven: {
    type: 'counter',
    name: 'redriven_total',
    help: 'Dead letters that a redrive published to the retry topic again.',
    labels: {},
  },
  redriveJobs: {
    type: 'gauge',
    name: 'redrive_jobs',
    help: 'Redrives that this replica runs.',
    labels: {},
  },
  carriedForward: {
    type: 'counter',
    name: 'carried_forward_total',
    help: 'Old retry records that were appended anew, because their messages still wait.',
    labels: {},
  },
  payloadsLost: {
    type: 'counter',
    name: 'payloads_lost_total',
    help: "Messages whose retry record Kafka's retention removed before they were due: their dead letters have no value.",
    labels: {},
  },
  auditFailures: {
    type: 'counter',
    name: 'audit_failures_total',
    help: 'Deeds of operators that could not be kept, and stand in the log alone.',
    labels: { target: ['redis', 'kafka'] },
  },
  rebalances: {
    type: 'counter',
    name: 'rebalances_total',
    help: "Changes in the assignment of the route's shards to this replica.",
    labels: {},
  },
  eventsWritten: {
    type: 'counter',
    name: 'events_written_total',
    help: 'Lifecycle events that Kafka has acknowledged.',
    labels: {},
  },
  eventsDropped: {
    type: 'counter',
    name: 'events_dropped_total',
    help: 'Lifecycle events that were given up: Kafka took them too slowly, or not at all.',
    labels: {},
  },
  notifications: {
    type: 'counter',
    name: 'notifications_total',
    help: 'Notifications about messages that failed for good. What could not be sent is told with the next one.',
    labels: { result: ['sent', 'failed'] },
  },
  hotKeyShare: {
    type: 'gauge',
    name: 'hot_key_share',
    help: 'Share of the held messages that belong to the hottest key, from 0 to 1, of the shards of this replica. Every ten seconds.',
    labels: {},
  },
  backpressureState: {
    type: 'gauge',
    name: 'backpressure_state',
    help: 'How much of new messages goes into Redis: 0 all, 1 headers and values stay in Kafka, 2 the retry topic is read no further. Take the maximum over replicas.',
    labels: {},
  },
  breakerState: {
    type: 'gauge',
    name: 'breaker_state',
    help: 'The circuit breaker: 0 closed, 1 half-open, 2 open. Take the maximum over replicas.',
    labels: {},
  },
  redeliveryRate: {
    type: 'gauge',
    name: 'redelivery_rate',
    help: 'Redeliveries per second that this replica may make at most now: its share of the route.',
    labels: {},
  },
} as const satisfies Record<string, Definition>;

/** Gauges of the shards that this replica owns, added up over them at each scrape (shard-gauges.ts). */
export const shardDefinitions = {
  shardsOwned: {
    type: 'gauge',
    name: 'shards_owned',
    help: 'Shards that this replica owns.',
    labels: {},
  },
  locksHeld: {
    type: 'gauge',
    name: 'locks_held',
    help: 'Keys that are locked.',
    labels: {},
  },
  oldestLockAge: {
    type: 'gauge',
    name: 'oldest_lock_age_seconds',
    help: 'Age of the oldest lock; 0 without locks. Take the maximum over replicas.',
    labels: {},
  },
  deadLetterDepth: {
    type: 'gauge',
    name: 'dead_letter_depth',
    help: 'Dead letters that are open: neither redriven nor dismissed. The last known number while the index is read anew.',
    labels: {},
  },
  heldMessages: {
    type: 'gauge',
    name: 'held_messages',
    help: 'Messages that wait for their turn or their time.',
    labels: {},
  },
  heldBytes: {
    type: 'gauge',
    name: 'held_bytes',
    help: 'Size of the payloads of held messages.',
    labels: {},
  },
  inFlightMessages: {
    type: 'gauge',
    name: 'in_flight_messages',
    help: 'Redelivered messages without an outcome yet.',
    labels: {},
  },
  ingestLag: {
    type: 'gauge',
    name: 'ingest_lag_messages',
    help: 'Records of a retry partition that are not in the box yet.',
    labels: { partition: null },
  },
} as const satisfies Record<string, Definition>;
