import type { RedisServers } from '../redis/servers.ts';
import { unanswered } from '../redis/failure.ts';
import { readExceedingScript, runScript } from '../redis/define-script.ts';
import type { Script } from '../redis/define-script.ts';
import { flightKey, probesKey } from '../redis/shard-keys.ts';

interface Deps {
  readonly servers: { serverOf(key: string): Pick<ReturnType<RedisServers['serverOf']>, 'connection'> };
  readonly keyPrefix: string;
  readonly route: string;
}

interface Asked {
  /** Since when the breaker is open, epoch ms: names the opening. */
  readonly since: number;
  readonly shard: number;
  readonly flying: number;
  readonly more: number;
  /** The most that all shards together may have in flight. */
  readonly probes: number;
}

const grant: Script<Asked, number> = {
  name: 'grant_probes',
  lua: readExceedingScript(new URL('./lua/', import.meta.url), [], 'grant.lua'),
  argv: ({ since, shard, flying, more, probes }) => [since, shard, flying, more, probes],
  decode: (reply) => reply as number,
};

/**
 * Who may have probes in flight while the breaker is open: over all replicas never more than there may be. What a shard has
 * in flight only its owner's releases add to, so a count that was read by the owner is one that holds until it releases.
 */
export class ProbeGrants {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** How many the shard's owner may release now, up to `more`. With 0, what it does not need goes to others. @throws UNAVAILABLE */
  async ask(asked: Omit<Asked, 'flying'>): Promise<number> {
    const { servers, keyPrefix, route } = this.#deps;
    const flight = flightKey(keyPrefix, route, asked.shard);
    const flying = await servers.serverOf(flight).connection.redis.zcard(flight).catch(unanswered);
    const key = probesKey(keyPrefix, route);
    return runScript(servers.serverOf(key).connection.redis, grant, [key], { ...asked, flying }).catch(
      unanswered,
    );
  }

  /** How many are granted to all shards. @throws UNAVAILABLE */
  async total(since: number): Promise<number> {
    const key = probesKey(this.#deps.keyPrefix, this.#deps.route);
    const table = await this.#deps.servers.serverOf(key).connection.redis.hgetall(key).catch(unanswered);
    if (Number(table['since']) !== since) return 0;
    return Object.entries(table).reduce(
      (sum, [field, value]) => sum + (field === 'since' ? 0 : Number(value)),
      0,
    );
  }
}
