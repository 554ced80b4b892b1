import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../../dev/stack/redis.ts';

/** A Redis that keeps what it was told in an append-only file, and can lose it. */
export class LosableRedis implements AsyncDisposable {
  readonly #server: RedisServer;

  private constructor(server: RedisServer) {
    this.#server = server;
  }

  static async start(): Promise<LosableRedis> {
    return new LosableRedis(await startRedis({ appendOnly: true }));
  }

  get port(): number {
    return this.#server.port;
  }

  get directory(): string {
    return this.#server.directory;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#server.process.kill(signal);
  }

  async start(): Promise<void> {
    await this.#server.process.start();
  }

  /** While it is down. */
  async lose(): Promise<void> {
    await rm(join(this.directory, 'appendonlydir'), { recursive: true, force: true });
  }

  async flush(): Promise<void> {
    const redis = new Redis(this.port, '127.0.0.1', { maxRetriesPerRequest: 1 });
    try {
      await redis.flushall();
    } finally {
      redis.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
