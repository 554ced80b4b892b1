import type { Redis } from 'ioredis';
import type { Component } from '../component.ts';
import { clientOf } from './target.ts';
import type { SentinelTarget } from './target.ts';

interface Deps {
  readonly target: SentinelTarget;
  /** A Sentinel has taken another server for the primary. Each of them says so. */
  readonly onSwitch: () => void;
}

/**
 * Hears of failovers from the Sentinels themselves. The old primary may be hung, or cut off from all but us: its connection
 * would tell nothing, or go on answering. (ioredis has such a detector, too. It keeps timers when it is stopped, and prints
 * the errors of Sentinels that are away.)
 */
export class FailoverWatch implements Component {
  readonly #deps: Deps;
  #clients: readonly Redis[] = [];

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Waits for no Sentinel: the search for the primary does. */
  start(): Promise<void> {
    const { sentinels, name, sentinelPassword, access } = this.#deps.target;
    this.#clients = sentinels.map((address) => {
      const client = clientOf(
        { kind: 'node', address, access: { username: null, password: sentinelPassword, tls: access.tls } },
        {
          lazyConnect: true,
          enableReadyCheck: false,
          enableOfflineQueue: false,
          autoResubscribe: false,
          maxRetriesPerRequest: 0,
          connectTimeout: 5_000,
          retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 6), 5_000),
        },
      );
      client.on('error', () => undefined); // the search for the primary tells of Sentinels that are away
      client.on('ready', () => {
        client.subscribe('+switch-master').catch(() => undefined); // the next 'ready' does it again
      });
      client.on('message', (_channel: string, message: string) => {
        if (message.startsWith(`${name} `)) this.#deps.onSwitch();
      });
      client.connect().catch(() => undefined); // tried again by retryStrategy
      return client;
    });
    return Promise.resolve();
  }

  stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    return Promise.resolve();
  }
}
