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
  groupInstanceId: {
    format: 'group instance id',
    doc: 'A name of this replica that it keeps over restarts (`group.instance.id`), as a StatefulSet gives it. Its shards then wait for it for `sessionTimeout`, and nobody takes them over earlier. No two replicas may have the same.',
    default: null,
    nullable: true,
    env: 'KAFKA_GROUP_INSTANCE_ID',
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
  tls: {
    enabled: {
      format: 'boolean',
      doc: 'TLS to the brokers, which are verified, host names included. `tls: true` is short for `tls: { enabled: true }`.',
      default: null,
      nullable: true,
      defaultDoc: '`false`, unless `security.protocol` in `librdkafka` says it',
    },
    caFile: {
      format: 'path',
      doc: 'A PEM file with the authorities that the brokers are trusted by.',
      default: null,
      nullable: true,
      defaultDoc: 'those of the system',
      env: 'KAFKA_TLS_CA_FILE',
    },
    certFile: {
      format: 'path',
      doc: 'A PEM file with the certificate of this client, for mutual TLS, and what is between it and the authority.',
      default: null,
      nullable: true,
      env: 'KAFKA_TLS_CERT_FILE',
    },
    keyFile: {
      format: 'path',
      doc: 'A PEM file with the key that belongs to `certFile`.',
      default: null,
      nullable: true,
      env: 'KAFKA_TLS_KEY_FILE',
    },
  },
  sasl: {
    mechanism: {
      format: 'sasl mechanism',
      doc: 'How `username` and `password` are shown to the brokers. `PLAIN` only with TLS: it sends the password as it is.',
      default: null,
      nullable: true,
      defaultDoc: '`SCRAM-SHA-512`',
      env: 'KAFKA_SASL_MECHANISM',
    },
    username: {
      format: 'user name',
      doc: 'Logs in as this user.',
      default: null,
      nullable: true,
      env: 'KAFKA_SASL_USERNAME',
    },
    password: {
      format: 'secret',
      doc: 'The password of the user. Better in the environment or in `passwordFile` than in this file.',
      default: null,
      nullable: true,
      env: 'KAFKA_SASL_PASSWORD',
    },
    passwordFile: {
      format: 'path',
      doc: 'Instead of `password`: a file that holds it and nothing else. It is read at the start.',
      default: null,
      nullable: true,
      env: 'KAFKA_SASL_PASSWORD_FILE',
    },
  },
  librdkafka: {
    format: 'map of scalars',
    doc: 'Anything else of librdkafka, passed on as it is: buffers, other ways of TLS and SASL.',
    default: {},
  },
} satisfies Schema;
