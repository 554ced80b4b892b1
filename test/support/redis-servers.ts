import { Redis } from 'ioredis';
import { systemClock } from '../../src/clock.ts';
import type { RedisConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/logger.ts';
import { BoxScripts } from '../../src/penalty-box/box-scripts.ts';
import { OwnerBox } from '../../src/penalty-box/owner-box.ts';
import type { RedisServer } from '../../src/redis/server.ts';
import { createServers } from '../../src/redis/servers.ts';
import type { RedisServers } from '../../src/redis/servers.ts';
import { shardKeys } from '../../src/redis/shard-keys.ts';

const KEY_PREFIX = 'modes:';

/** `host:port` as the configuration has it. */
export function address(written: string): { host: string; port: number } {
  const [host = '', port] = written.split(':');
  return { host, port: Number(port) };
}

/** Redis as a service of this configuration has it, and the shards of one route on it. */
export class ShardsOnRedis implements AsyncDisposable {
  readonly servers: RedisServers;
  readonly scripts: BoxScripts;
  #stamps = 0;

  private constructor(servers: RedisServers) {
    this.servers = servers;
    this.scripts = new BoxScripts({ servers, clock: systemClock, keyPrefix: KEY_PREFIX, route: 'orders' });
  }

  /** Not connected yet. */
  static of(redis: RedisConfig): ShardsOnRedis {
    return new ShardsOnRedis(createServers(redis, { logger: createLogger('silent'), clock: systemClock }));
  }

  static async open(redis: RedisConfig): Promise<ShardsOnRedis> {
    const shards = ShardsOnRedis.of(redis);
    await shards.servers.start();
    return shards;
  }

  keys(partition: number): string[] {
    return shardKeys(KEY_PREFIX, 'orders', partition);
  }

  holder(partition: number): RedisServer {
    return this.servers.serverOf(this.keys(partition)[0] ?? '');
  }

  runId(partition: number): string {
    return this.holder(partition).connection.runId;
  }

  /** What an owner does with a shard that Redis does not have. */
  async rebuild(partition: number): Promise<OwnerBox> {
    const owner = new OwnerBox(this.scripts, partition);
    await owner.takeOver();
    await owner.reset(0);
    this.#stamps++;
    await owner.stamp(`stamp${String(this.#stamps)}`);
    return owner;
  }

  /** What the next owner finds; null: nothing that it may build on. */
  async cursor(partition: number): Promise<number | null> {
    return (await new OwnerBox(this.scripts, partition).takeOver()).cursor;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.servers.stop();
  }
}

/** The run id of a server, asked on a connection of one's own. */
export async function runIdOf(at: string): Promise<string> {
  const info = await onServer(at, (redis) => redis.info('server'));
  return /^run_id:(\w+)/m.exec(info)?.[1] ?? '';
}

/** Runs a command on one server, which may be hung or gone. */
export async function onServer<T>(at: string, command: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ ...address(at), retryStrategy: null, commandTimeout: 2_000 });
  redis.on('error', () => undefined); // the command tells it
  try {
    return await command(redis);
  } finally {
    redis.disconnect();
  }
}
