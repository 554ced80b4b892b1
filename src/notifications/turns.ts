import { keepFirst } from '../redis/expiring-text.ts';
import type { RedisServers } from '../redis/servers.ts';

interface Deps {
  readonly servers: Pick<RedisServers, 'serverOf'>;
  readonly keyPrefix: string;
  /** ms */
  readonly interval: number;
}

/** Lets one replica notify of a route in each interval. */
export class Turns {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** 0: it is ours, and nobody else's for one interval. Else: ms until somebody's. Rejects where Redis does not answer. */
  async take(route: string): Promise<number> {
    const { servers, keyPrefix, interval } = this.#deps;
    const key = `${keyPrefix}{${route}:notified}`;
    const { redis } = servers.serverOf(key).connection;
    return (await keepFirst(redis, key, '1', interval))?.left ?? 0;
  }
}
