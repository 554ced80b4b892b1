import type { RedisConnection } from '../redis/connection.ts';
import { unanswered } from '../redis/failure.ts';
import type { Board } from './failing-keys.ts';
import { SPAN } from './failure-window.ts';

interface Deps {
  readonly servers: { serverOf(key: string): { readonly connection: RedisConnection } };
  readonly key: string;
}

/** A hash with a field for each replica, which is gone when none has told anything for a while. */
export class RedisBoard implements Board {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async put(replica: string, told: Buffer): Promise<void> {
    const { key } = this.#deps;
    await this.#redis()
      .pipeline()
      .hset(key, replica, told)
      .pexpire(key, 2 * SPAN)
      .exec()
      .catch(unanswered);
  }

  /** @throws UNAVAILABLE */
  async all(): Promise<ReadonlyMap<string, Buffer>> {
    const fields = await this.#redis().hgetallBuffer(this.#deps.key).catch(unanswered);
    return new Map(Object.entries(fields));
  }

  #redis(): RedisConnection['redis'] {
    return this.#deps.servers.serverOf(this.#deps.key).connection.redis;
  }
}
