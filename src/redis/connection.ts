import { Redis } from 'ioredis';
import type { Component } from '../component.ts';
import { OrchestratorError } from '../errors.ts';
import type { Logger } from '../logger.ts';

interface Deps {
  readonly url: string;
  readonly logger: Logger;
  /** `subscribe`: a connection that only listens. */
  readonly role: 'commands' | 'subscribe';
}

/**
 * One connection to Redis that knows which server process it talks to. Commands are never queued while it is away nor
 * sent again after it broke: each travels to the very server that it was made for, or fails.
 */
export class RedisConnection implements Component {
  readonly redis: Redis;
  readonly #logger: Logger;
  #runId: string | null = null;
  #lastError = '';

  constructor({ url, logger, role }: Deps) {
    this.#logger = logger;
    this.redis = new Redis(url, {
      protocol: 2,
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 5_000,
      // A server that takes a command and says nothing (a cut, a black hole) is given up.
      ...(role === 'commands' ? { commandTimeout: 10_000, socketTimeout: 12_000 } : {}),
      retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 5), 1_000),
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    });
    this.redis.on('error', (error: Error) => {
      if (error.message === this.#lastError) return;
      this.#lastError = error.message;
      logger.warn({ event: 'redis_error', error: error.message }, 'Redis connection failed; trying again');
    });
    this.redis.on('close', () => {
      this.#runId = null;
    });
    if (role === 'commands') this.redis.on('ready', () => void this.#identify());
  }

  /** Waits for the first connection: Redis may be down for as long as it likes. */
  async start(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      this.redis.once('ready', resolve);
      this.redis.once('end', () => {
        reject(new OrchestratorError('UNAVAILABLE', 'the Redis connection was closed'));
      });
    });
    this.redis.connect().catch(() => undefined); // told by the 'error' event, tried again by retryStrategy
    await ready;
  }

  stop(): Promise<void> {
    this.redis.disconnect();
    return Promise.resolve();
  }

  /** The run id of the server at the other end. It was read when the connection became ready, before any script ran. */
  get runId(): string {
    if (this.#runId === null) {
      throw new OrchestratorError('UNAVAILABLE', 'Redis is not reachable', { retryAfterMs: 1_000 });
    }
    return this.#runId;
  }

  get ready(): boolean {
    return this.#runId !== null;
  }

  async #identify(): Promise<void> {
    try {
      const info = await this.redis.info('server');
      this.#runId = /^run_id:(\w+)/m.exec(info)?.[1] ?? null;
      this.#lastError = '';
      this.#logger.info({ event: 'redis_ready', runId: this.#runId }, 'connected to Redis');
    } catch (error) {
      this.#logger.warn(
        { event: 'redis_error', err: error },
        'Redis did not say who it is; connecting again',
      );
      this.redis.disconnect(true);
    }
  }
}
