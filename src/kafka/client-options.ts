import type { Config } from '../config/config.ts';

/**
 * For the client's constructor, alone: it takes a second object for what belongs to topics (`message.timeout.ms`,
 * `partitioner`, `auto.offset.reset`), and even an empty one makes it forget what of that is in the first.
 */
type Options = Record<string, string | number | boolean>;

/**
 * What every Kafka client of the process has in common. `kafka.librdkafka` of the configuration wins over what is only a
 * preference, never over what a promise rests on.
 */
export function clientOptions({ kafka }: Pick<Config, 'kafka'>): Options {
  return {
    'metadata.broker.list': kafka.brokers.join(','),
    'client.id': kafka.clientId,
    'allow.auto.create.topics': false,
    'reconnect.backoff.max.ms': 2_000,
    // Partitions that were added, and topics that were made anew, are seen this soon.
    'topic.metadata.refresh.interval.ms': 5_000,
    ...kafka.librdkafka,
  };
}

/** A consumer that acts fast on a backlog: librdkafka's defaults leave it idle for a second when its queue is full. */
export function consumerOptions(config: Pick<Config, 'kafka'>, groupId: string): Options {
  return {
    'heartbeat.interval.ms': Math.min(3_000, Math.floor(config.kafka.sessionTimeout / 3)),
    'fetch.queue.backoff.ms': 5,
    'fetch.wait.max.ms': 100,
    'queued.min.messages': 5_000,
    'queued.max.messages.kbytes': 16_384,
    ...clientOptions(config),
    'group.id': groupId,
    'session.timeout.ms': config.kafka.sessionTimeout,
    'partition.assignment.strategy': 'cooperative-sticky',
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    'enable.partition.eof': true,
    'auto.offset.reset': 'earliest',
    'isolation.level': 'read_committed',
  };
}

/** The same for a member of the group: only one client of a process may have its name there. */
export function memberOptions(config: Pick<Config, 'kafka'>, groupId: string): Options {
  const { groupInstanceId } = config.kafka;
  return {
    ...consumerOptions(config, groupId),
    ...(groupInstanceId === null ? {} : { 'group.instance.id': groupInstanceId }),
  };
}

/** acks=all, idempotent; the order of sends is the order in Kafka (ADR 1: no transactional id). */
export function producerOptions(config: Pick<Config, 'kafka'>): Options {
  return {
    'linger.ms': 1,
    'message.timeout.ms': 30_000,
    'queue.buffering.max.messages': 200_000,
    // The topics decide what is too large, not this client.
    'message.max.bytes': 1_000_000_000,
    ...clientOptions(config),
    acks: -1,
    'enable.idempotence': true,
    'max.in.flight.requests.per.connection': config.kafka.maxInFlight,
    partitioner: 'murmur2_random',
    dr_cb: true,
  };
}
