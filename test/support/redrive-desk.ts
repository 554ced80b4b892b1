import { randomBytes } from 'node:crypto';
import { createLogger } from '../../src/logger.ts';
import { RedisServer } from '../../src/redis/server.ts';
import { RedriveDesk } from '../../src/redrive/redrive-desk.ts';
import { RedriveStore } from '../../src/redrive/redrive-store.ts';
import { systemClock } from '../../src/clock.ts';
import { FakeClock } from './fake-clock.ts';
import { redisUrl } from './stack.ts';

/** The redrives of a route in a real Redis, over a dead-letter topic that ends where the test says. Nobody runs them. */
export class RedriveDeskOnRedis implements AsyncDisposable {
  readonly store: RedriveStore;
  readonly desk: RedriveDesk;
  readonly clock = new FakeClock();
  ends: number[] = [100, 50];
  topicId = 'first';
  /** On Redis' clock: of leases. */
  now = 1_000_000;
  readonly #server: RedisServer;
  readonly #prefix = `${randomBytes(4).toString('hex')}:`;
  #created = 0;

  private constructor(server: RedisServer) {
    this.#server = server;
    const clock = { past: () => this.now, now: () => this.now };
    const servers = { serverOf: () => ({ connection: server.connection, clock }) };
    this.store = new RedriveStore({ servers, keyPrefix: this.#prefix, route: 'orders' });
    this.desk = new RedriveDesk({
      store: this.store,
      deadLetters: () =>
        Promise.resolve({
          id: this.topicId,
          ranges: new Map(this.ends.map((end, partition) => [partition, { first: 0, end }])),
        }),
      newId: () => `r-${++this.#created}`,
      onChange: () => undefined,
      clock: this.clock,
    });
  }

  static async open(): Promise<RedriveDeskOnRedis> {
    const server = new RedisServer({
      target: { kind: 'url', url: redisUrl },
      logger: createLogger('silent'),
      clock: systemClock,
    });
    await server.start();
    return new RedriveDeskOnRedis(server);
  }

  keys(): Promise<string[]> {
    return this.#server.connection.redis.keys(`${this.#prefix}*`);
  }

  async flush(): Promise<void> {
    const keys = await this.keys();
    if (keys.length > 0) await this.#server.connection.redis.unlink(keys);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    await this.#server.stop();
  }
}
