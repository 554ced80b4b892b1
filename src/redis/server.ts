import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import { inOrder } from '../component.ts';
import type { Logger } from '../logger.ts';
import { RedisConnection } from './connection.ts';
import { FailoverWatch } from './failover-watch.ts';
import { ServerMemory } from './memory.ts';
import { ServerClock } from './server-clock.ts';
import type { RedisTarget, SentinelTarget } from './target.ts';

interface Deps {
  readonly target: RedisTarget;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly onErrorReply?: (message: string) => void;
  /** The connection for commands was lost, and is there again. */
  readonly onReconnect?: (() => void) | undefined;
}

/** A message of a channel. */
export type OnMessage = (channel: string, message: string) => void;

/** One primary: where its shards' scripts go, whose time is theirs, and where their wake-ups are heard. */
export class RedisServer implements Component {
  readonly connection: RedisConnection;
  readonly clock: ServerClock;
  readonly memory: ServerMemory;
  /** One of its own: a connection that subscribes can do nothing else. */
  readonly #listening: RedisConnection;
  readonly #parts: Component;
  readonly #logger: Logger;
  #evictionPolicy = 'unknown';

  constructor({ target, logger, clock, onErrorReply, onReconnect }: Deps) {
    this.#logger = logger;
    this.connection = new RedisConnection({
      target,
      logger,
      role: 'commands',
      onReconnect,
      ...(onErrorReply === undefined ? {} : { onErrorReply }),
    });
    this.#listening = new RedisConnection({ target, logger, role: 'subscribe' });
    this.clock = new ServerClock({ connection: this.connection, clock });
    this.memory = new ServerMemory({ connection: this.connection, clock });
    this.connection.introduce(() => this.#readEvictionPolicy());
    // A connection that only listens may not notice that its server is gone.
    this.connection.redis.on('close', () => {
      this.#listening.reconnect();
    });
    const watches = target.kind === 'sentinels' ? [this.#watch(target)] : [];
    this.#parts = inOrder([...watches, this.connection, this.clock, this.memory, this.#listening]);
  }

  start(): Promise<void> {
    return this.#parts.start();
  }

  stop(): Promise<void> {
    return this.#parts.stop();
  }

  /** The `maxmemory-policy` of the server that is connected now. */
  get evictionPolicy(): string {
    return this.#evictionPolicy;
  }

  /** Listens from now on, after each reconnection again. What comes in between is not heard. */
  subscribe(pattern: string, onMessage: OnMessage): void {
    const { redis } = this.#listening;
    const subscribe = (): void => {
      redis.psubscribe(pattern).catch(() => undefined); // the connection broke: the next 'ready' does it again
    };
    redis.on('pmessage', (heard: string, channel: string, message: string) => {
      if (heard === pattern) onMessage(channel, message);
    });
    redis.on('ready', subscribe);
    if (redis.status === 'ready') subscribe();
  }

  #watch(target: SentinelTarget): Component {
    return new FailoverWatch({
      target,
      onSwitch: () => {
        this.connection.reconnect();
        this.#listening.reconnect();
      },
    });
  }

  async #readEvictionPolicy(): Promise<void> {
    const memory = await this.connection.redis.info('memory');
    this.memory.read(memory);
    this.#evictionPolicy = /^maxmemory_policy:([\w-]+)/m.exec(memory)?.[1] ?? 'unknown';
    // The primary of a failover may have been set up with less care than the one before.
    if (this.#evictionPolicy !== 'noeviction') {
      this.#logger.error(
        { event: 'redis_evicts', policy: this.#evictionPolicy },
        'Redis throws keys away when memory is short, and loses locks silently; set maxmemory-policy noeviction',
      );
    }
  }
}
