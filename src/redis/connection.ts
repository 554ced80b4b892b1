import type { Redis } from 'ioredis';
import type { Component } from '../component.ts';
import { OrchestratorError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { whyRefused } from './closed-door.ts';
import { clientOf, retryDelay } from './target.ts';
import type { RedisTarget } from './target.ts';

interface Deps {
  readonly target: RedisTarget;
  readonly logger: Logger;
  /** `subscribe`: a connection that only listens. */
  readonly role: 'commands' | 'subscribe';
  /** Hears every error that the server answers with. */
  readonly onErrorReply?: (message: string) => void;
  /** It was lost, and can be used again. */
  readonly onReconnect?: (() => void) | undefined;
}

/** Something to learn of a server before anybody else may use the connection to it. */
type Introduction = () => Promise<void>;

/**
 * One connection to Redis that knows which server process it talks to. Commands are never queued while it is away nor
 * sent again after it broke: each travels to the very server that it was made for, or fails.
 */
export class RedisConnection implements Component {
  readonly redis: Redis;
  readonly #logger: Logger;
  readonly #introductions: Introduction[] = [];
  readonly #role: Deps['role'];
  readonly #onReconnect: Deps['onReconnect'];
  #runId: string | null = null;
  #lastError = '';
  #connections = 0;
  #introduced = false;
  #stopped = false;
  #started: () => void = () => undefined;

  constructor({ target, logger, role, onErrorReply, onReconnect }: Deps) {
    this.#logger = logger;
    this.#role = role;
    this.#onReconnect = onReconnect;
    this.redis = clientOf(target, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 5_000,
      // A server that takes a command and says nothing (a cut, a black hole) is given up.
      ...(role === 'commands' ? { commandTimeout: 10_000, socketTimeout: 12_000 } : {}),
      retryStrategy: retryDelay,
      reconnectOnError: ({ message }) => {
        onErrorReply?.(message);
        return isReadOnly(message);
      },
    });
    const warn = (error: Error): void => {
      this.#tell(error, 'Redis connection failed; trying again');
    };
    this.redis.on('error', warn);
    // One Sentinel that does not know the primary is no error to the client; it asks the next one.
    this.redis.on('sentinelError', warn);
    this.redis.on('close', () => {
      this.#connections++;
      this.#runId = null;
    });
    this.redis.on('ready', () => void this.#identify());
    this.redis.on('end', () => {
      // The client gives up when it is sent away in the middle of its search for a primary.
      if (!this.#stopped) this.#connect();
    });
  }

  /** Waits for the first connection: Redis may be down for as long as it likes. */
  async start(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      this.#started = resolve;
      this.redis.on('end', () => {
        if (this.#stopped) reject(new OrchestratorError('UNAVAILABLE', 'the Redis connection was closed'));
      });
    });
    this.#connect();
    await ready;
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.redis.disconnect();
    return Promise.resolve();
  }

  /** Leaves the server and looks for the primary again. Does nothing while there is no server to leave. */
  reconnect(): void {
    if (['connecting', 'connect', 'ready'].includes(this.redis.status)) this.redis.disconnect(true);
  }

  /** Called with each server that the connection is made to, when its run id was read and before any script runs. */
  introduce(introduction: Introduction): void {
    this.#introductions.push(introduction);
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

  /** What went wrong last; empty when nothing did since the connection was last there. */
  get lastError(): string {
    return this.#lastError;
  }

  #connect(): void {
    this.redis.connect().catch(() => undefined); // told by the 'error' event, tried again by retryStrategy
  }

  /** Once, until it is something else. */
  #tell(error: unknown, message: string): void {
    const why = whyRefused(error);
    if (why === this.#lastError) return;
    this.#lastError = why;
    this.#logger.warn({ event: 'redis_error', error: why }, message);
  }

  async #identify(): Promise<void> {
    if (this.#role === 'subscribe') {
      this.#lastError = '';
      this.#started();
      return;
    }
    const connection = this.#connections;
    try {
      const info = await this.redis.info('server');
      for (const introduction of this.#introductions) await introduction();
      if (connection !== this.#connections) return;
      this.#runId = /^run_id:(\w+)/m.exec(info)?.[1] ?? null;
      this.#lastError = '';
      this.#logger.info({ event: 'redis_ready', runId: this.#runId }, 'connected to Redis');
      if (this.#introduced) this.#onReconnect?.();
      this.#introduced = true;
      this.#started();
    } catch (error) {
      if (this.#stopped || connection !== this.#connections) return;
      this.#tell(error, 'Redis did not say who it is; connecting again');
      this.reconnect();
    }
  }
}

/** A replica says so, which a primary becomes by a failover. Redis 6 tells it inside of an error of the script. */
function isReadOnly(message: string): boolean {
  return message.includes('READONLY');
}

/** The server is full: it refuses what would need more memory. */
export function isOutOfMemory(message: string): boolean {
  return message.includes('OOM command not allowed');
}

/** The server is all right and takes no writes: it is a replica, or has too few of them (`min-replicas-to-write`). */
export function refusesWrites(message: string): boolean {
  return isReadOnly(message) || message.includes('NOREPLICAS');
}
