import type { Component } from '../component.ts';
import type { RedisServers } from './servers.ts';
import { wakeChannel } from './shard-keys.ts';

interface Deps {
  readonly servers: RedisServers;
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

  start(): Promise<void> {
    const { servers, keyPrefix, onWake } = this.#deps;
    servers.subscribe(wakeChannel(keyPrefix, '*', '*'), (channel, message) => {
      const match = /\{([^{}]+):(\d+)\}:meta$/.exec(channel);
      if (match?.[1] !== undefined) onWake(match[1], Number(match[2]), Number(message));
    });
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
