import type { Schema } from '../schema.ts';

export const redisSettings = {
  url: {
    format: 'redis url',
    doc: 'The Redis that holds the index; `rediss://` for TLS. Its `maxmemory-policy` must be `noeviction`.',
    default: 'redis://localhost:6379/0',
    env: 'REDIS_URL',
  },
  keyPrefix: {
    format: 'key prefix',
    doc: 'What the names of all keys in Redis begin with. Two installations on one Redis need two prefixes.',
    default: 'ro:',
  },
} satisfies Schema;
