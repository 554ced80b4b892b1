import { readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../../dev/stack/redis.ts';

/** Some moments of a busy run. */
const TAIL_BYTES = 256 * 1024;

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

  /** While it is down: cuts off what it wrote last, as when a machine fails before its disk has everything. */
  async loseTail(): Promise<void> {
    const directory = join(this.directory, 'appendonlydir');
    const newest = (await readdir(directory))
      .filter((name) => name.endsWith('.incr.aof'))
      .sort(byNumber)
      .at(-1);
    if (newest === undefined) return;
    const file = join(directory, newest);
    const { size } = await stat(file);
    await truncate(file, Math.max(0, size - TAIL_BYTES));
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

/** Of `appendonly.aof.12.incr.aof`. */
function byNumber(a: string, b: string): number {
  return Number(a.split('.')[2]) - Number(b.split('.')[2]);
}
