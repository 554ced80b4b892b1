import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { RedisConfig } from '../config/config.ts';
import type { Logger } from '../logger.ts';
import { RedisCluster } from './cluster.ts';
import { RedisServer } from './server.ts';
import type { OnMessage } from './server.ts';

/** The primaries that hold the shards. */
export interface RedisServers extends Component {
  /** All of them answer, and are known. */
  readonly ready: boolean;
  readonly all: readonly RedisServer[];
  /** Why not, as far as it is known; empty if nothing is wrong. */
  readonly lastError: string;
  /** Who holds a key, and so all keys of its shard. @throws OrchestratorError UNAVAILABLE while nobody is known to. */
  serverOf(key: string): RedisServer;
  /** Hears each message once. */
  subscribe(pattern: string, onMessage: OnMessage): void;
}

interface ServerDeps {
  readonly logger: Logger;
  readonly clock: Clock;
  /** A connection for commands was lost, and is there again. */
  readonly onReconnect?: (() => void) | undefined;
}

/** Redis as the configuration has it. */
export function createServers(redis: RedisConfig, { logger, clock, onReconnect }: ServerDeps): RedisServers {
  if (redis.kind === 'cluster') return new RedisCluster({ ...redis, logger, clock, onReconnect });
  const server = new RedisServer({ target: redis, logger, clock, onReconnect });
  return {
    start: () => server.start(),
    stop: () => server.stop(),
    get ready() {
      return server.connection.ready;
    },
    get lastError() {
      return server.connection.lastError;
    },
    all: [server],
    serverOf: () => server,
    subscribe: (pattern, onMessage) => {
      server.subscribe(pattern, onMessage);
    },
  };
}
