import type { Schema } from '../schema.ts';

export const redisSettings = {
  url: {
    format: 'redis url',
    doc: 'The Redis that holds the index, user name and password included; `rediss://` for TLS. Its `maxmemory-policy` must be `noeviction`. Not with `sentinels` or `cluster`.',
    default: 'redis://localhost:6379/0',
    env: 'REDIS_URL',
  },
  sentinels: {
    format: 'address list',
    doc: 'Instead of `url`: the Sentinels that know the primary, each as `host:port`.',
    default: null,
    nullable: true,
  },
  sentinelName: {
    format: 'sentinel name',
    doc: 'What the Sentinels call the primary; required with `sentinels`.',
    default: null,
    nullable: true,
  },
  sentinelPassword: {
    format: 'secret',
    doc: 'The password of the Sentinels themselves, where they have one.',
    default: null,
    nullable: true,
    env: 'REDIS_SENTINEL_PASSWORD',
  },
  cluster: {
    format: 'address list',
    doc: 'Instead of `url`: some nodes of a Redis Cluster, each as `host:port`. One that answers is enough to find the others.',
    default: null,
    nullable: true,
  },
  username: {
    format: 'user name',
    doc: 'The user of Redis, with `sentinels` or `cluster`.',
    default: null,
    nullable: true,
  },
  password: {
    format: 'secret',
    doc: 'The password of Redis, with `sentinels` or `cluster`.',
    default: null,
    nullable: true,
    env: 'REDIS_PASSWORD',
  },
  tls: {
    format: 'boolean',
    doc: 'TLS to everything in `sentinels` or `cluster`, and to the servers that they name.',
    default: false,
  },
  memory: {
    leaveOutAt: {
      format: 'number',
      min: 0,
      max: 1,
      doc: "From this share of Redis' `maxmemory` on, headers and values of new messages stay in Kafka.",
      default: 0.75,
    },
    stopAt: {
      format: 'number',
      min: 0,
      max: 1,
      doc: 'From this share on, routes with a gate read their retry topics no further until there is room again.',
      default: 0.9,
    },
  },
  keyPrefix: {
    format: 'key prefix',
    doc: 'What the names of all keys in Redis begin with. Two installations on one Redis need two prefixes.',
    default: 'ro:',
  },
} satisfies Schema;
