import type { RedisServers } from '../redis/servers.ts';
import { readExceedingScript, runScript } from '../redis/define-script.ts';
import type { Script } from '../redis/define-script.ts';
import { unanswered } from '../redis/failure.ts';
import { outcomesKey } from '../redis/shard-keys.ts';
import { together } from './failing.ts';
import type { Tally } from './failing.ts';

interface Deps {
  readonly servers: { serverOf(key: string): Pick<ReturnType<RedisServers['serverOf']>, 'connection'> };
  readonly keyPrefix: string;
  readonly route: string;
  /** Names this replica. */
  readonly replica: string;
  /** On a clock that all replicas share, epoch ms. */
  readonly now: () => number;
  /** How many different keys are told apart. */
  readonly keys: number;
}

interface Report {
  readonly at: number;
  /** What the route's switches were when it was made: what was seen before belongs to what is over. */
  readonly version: number;
  readonly tallies: readonly Tally[];
}

const exchange: Script<{ replica: string; report: Report }, [name: string, text: string][]> = {
  name: 'exchange_tallies',
  lua: readExceedingScript(new URL('./lua/', import.meta.url), [], 'exchange.lua'),
  argv: ({ replica, report }) => [replica, JSON.stringify(report)],
  decode: (reply) => {
    const flat = (reply as readonly Buffer[]).map(String);
    return flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? '{}']] : []));
  },
};

/** A replica that has said nothing for so long is gone, ms. */
const FRESH = 4_000;
const FORGOTTEN = 60_000;

/** What all replicas have seen of a route's outcomes: each writes down its own and reads those of the others. */
export class SharedTallies {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Of all replicas, for each span. @throws UNAVAILABLE */
  async exchange(version: number, own: readonly Tally[]): Promise<Tally[]> {
    const { servers, keyPrefix, route, replica, now, keys } = this.#deps;
    const key = outcomesKey(keyPrefix, route);
    const at = now();
    const report: Report = { at, version, tallies: own };
    const { redis } = servers.serverOf(key).connection;
    const all = await runScript(redis, exchange, [key], { replica, report }).catch(unanswered);
    const reports = all.map(([name, text]) => ({ name, ...(JSON.parse(text) as Report) }));
    const gone = reports.filter((each) => at - each.at > FORGOTTEN).map(({ name }) => name);
    if (gone.length > 0) await redis.hdel(key, ...gone).catch(unanswered);
    const others = reports.filter(
      (each) => each.name !== replica && at - each.at < FRESH && each.version === version,
    );
    return own.map((tally, i) =>
      together([tally, ...others.flatMap(({ tallies }) => tallies[i] ?? [])], keys),
    );
  }
}
