import type { Component } from '../component.ts';
import type { RedisConnection } from './connection.ts';

/** Refuses a Redis that throws keys away when memory is short: it would lose parts of a shard silently. */
export function refuseEviction(connection: RedisConnection): Component {
  return {
    start: async () => {
      const memory = await connection.redis.info('memory');
      const policy = /^maxmemory_policy:([\w-]+)/m.exec(memory)?.[1] ?? 'unknown';
      if (policy !== 'noeviction') {
        throw new Error(
          `Redis has maxmemory-policy ${policy}, which loses locks silently; set it: CONFIG SET maxmemory-policy noeviction`,
        );
      }
    },
    stop: () => Promise.resolve(),
  };
}
