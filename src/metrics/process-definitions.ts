import type { Definition } from './definition.ts';
import { KAFKA_CODES } from './kafka-codes.ts';

/** What requests are told apart by; any other method is `other`. */
export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export const HTTP_STATUSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** What a replica says of itself, as a process: these have no label `route`. */
export const processDefinitions = {
  buildInfo: {
    type: 'gauge',
    name: 'build_info',
    unit: 'info',
    help: 'Always 1: the version of the service and of Node.js that run.',
    labels: { version: null, node_version: null },
  },
  eventLoopLag: {
    type: 'histogram',
    name: 'event_loop_lag_seconds',
    unit: 'seconds',
    help: 'By how much a timer of 100 ms was late: so long nothing else could run.',
    labels: {},
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  httpRequests: {
    type: 'histogram',
    name: 'http_request_duration_seconds',
    unit: 'seconds',
    help: 'Time until the API had answered, by the pattern of the path (none: there is no such path). Streams of events count until they end.',
    labels: {
      method: [...HTTP_METHODS, 'other'],
      path: null,
      status: HTTP_STATUSES,
    },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  kafkaClientErrors: {
    type: 'counter',
    name: 'kafka_client_errors_total',
    unit: 'events',
    help: 'Errors that the Kafka clients of the process reported, by their name in librdkafka; other: one without a name here.',
    labels: { code: KAFKA_CODES },
  },
  redisReconnects: {
    type: 'counter',
    name: 'redis_reconnects_total',
    unit: 'connections',
    help: 'Connections for commands that were made to Redis again after they were lost.',
    labels: {},
  },
  redisUp: {
    type: 'gauge',
    name: 'redis_up',
    unit: 'state',
    help: '1: Redis answers this replica, in a Cluster all of its primaries; 0: it does not.',
    labels: {},
  },
  certificateExpiry: {
    type: 'gauge',
    name: 'tls_certificate_expiry_seconds',
    unit: 'seconds',
    help: 'Time until a certificate expires, negative when it has: of each broker and Redis server that is spoken to by TLS, and of the client. Read every hour; where it can not be read, by the date that was read last.',
    labels: { target: null },
  },
} as const satisfies Record<string, Definition>;
