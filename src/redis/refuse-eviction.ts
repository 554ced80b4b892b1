import type { Component } from '../component.ts';
import type { RedisServers } from './servers.ts';

/** Refuses a Redis that throws keys away when memory is short: it would lose parts of a shard silently. */
export function refuseEviction(servers: RedisServers): Component {
  return {
    start: () => {
      const policy = servers.all.map((server) => server.evictionPolicy).find((each) => each !== 'noeviction');
      if (policy === undefined) return Promise.resolve();
      return Promise.reject(
        new Error(
          `Redis has maxmemory-policy ${policy}, which loses locks silently; set it: CONFIG SET maxmemory-policy noeviction`,
        ),
      );
    },
    stop: () => Promise.resolve(),
  };
}
