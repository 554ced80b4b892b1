import type { Component } from '../component.ts';
import type { RedisConnection } from './connection.ts';
import { wakeChannel } from './shard-keys.ts';

interface Deps {
  /** One of its own: a connection that subscribes can do nothing else. */
  readonly connection: RedisConnection;
  readonly keyPrefix: string;
  /** Something of this shard is due at that time (epoch ms). */
  readonly onWake: (route: string, partition: number, at: number) => void;
}

/** Hears what other replicas scheduled in the shards of this one. A wake-up may get lost; the schedulers look anyway. */
export class WakeUps implements Component {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { connection, keyPrefix, onWake } = this.#deps;
    const pattern = wakeChannel(keyPrefix, '*', '*');
    connection.redis.on('pmessage', (_pattern: string, channel: string, message: string) => {
      const match = /\{([^{}]+):(\d+)\}:meta$/.exec(channel);
      if (match?.[1] !== undefined) onWake(match[1], Number(match[2]), Number(message));
    });
    await connection.redis.psubscribe(pattern);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
