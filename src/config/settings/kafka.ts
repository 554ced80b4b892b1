import type { Schema } from '../schema.ts';

export const kafkaSettings = {
  brokers: {
    format: 'broker list',
    doc: 'The brokers to ask first. In the environment: separated by commas.',
    default: ['localhost:9092'],
    env: 'KAFKA_BROKERS',
  },
  clientId: {
    format: 'client id',
    doc: 'The name of this service in the logs and quotas of the brokers.',
    default: 'retry-orchestrator',
  },
  groupPrefix: {
    format: 'group prefix',
    doc: "The service's own consumer group of a route is `<groupPrefix>.<route>`.",
    default: 'retry-orchestrator',
  },
  clusterId: {
    format: 'cluster id',
    doc: 'The id of the cluster that this configuration is for (`doctor` shows it). The service does not start on another one.',
    default: null,
    nullable: true,
  },
  sessionTimeout: {
    format: 'duration',
    min: 1,
    doc: 'A replica that is not heard of for so long loses its shards to the others.',
    default: '10s',
  },
  // Above 5 the idempotent producer gives up the order of what it sends.
  maxInFlight: {
    format: 'integer',
    min: 1,
    max: 5,
    doc: 'Requests that may be under way to one broker.',
    default: 1,
  },
  librdkafka: {
    format: 'map of scalars',
    doc: 'Anything else of librdkafka, passed on as it is: TLS, SASL, buffers.',
    default: {},
  },
} satisfies Schema;
