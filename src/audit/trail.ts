import { OrchestratorError } from '../errors.ts';
import { readScript, runScript } from '../redis/define-script.ts';
import type { Script } from '../redis/define-script.ts';
import type { RedisServers } from '../redis/servers.ts';
import type { RecordedDeed } from './deed.ts';

/** Which deeds to show; null: any. */
export interface TrailQuery {
  readonly route: string | null;
  readonly action: string | null;
  readonly who: string | null;
  /** Epoch ms. */
  readonly since: number;
  readonly limit: number;
  /** As the page before gave it. */
  readonly cursor: string | null;
}

export interface TrailPage {
  readonly deeds: readonly (RecordedDeed & { readonly id: string })[];
  /** null: there are no more. A page may have fewer than `limit`, and a cursor all the same. */
  readonly cursor: string | null;
}

/** The last deeds of all routes, kept. */
export interface Trail {
  append(deed: RecordedDeed): Promise<void>;
  read(query: TrailQuery): Promise<TrailPage>;
}

interface Deps {
  readonly servers: RedisServers;
  readonly keyPrefix: string;
  /** How many are kept. */
  readonly kept: number;
}

const append: Script<{ kept: number; deed: RecordedDeed }, null> = {
  name: 'append_deed',
  lua: readScript(new URL('./lua/', import.meta.url), [], 'append.lua'),
  argv: ({ kept, deed }) => [kept, JSON.stringify(deed)],
  decode: () => null,
};

const BATCH = 250;
/** Looked at for one page. */
const EXAMINED = 2_000;
/** A deed stands in the stream under the time of Redis, which may differ from ours. */
const SKEW_MS = 60_000;

/** A Redis stream, cut to its newest entries. */
export class RedisTrail implements Trail {
  readonly #deps: Deps;
  readonly #key: string;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#key = `${deps.keyPrefix}{audit}:deeds`;
  }

  async append(deed: RecordedDeed): Promise<void> {
    const { servers, kept } = this.#deps;
    const { redis } = servers.serverOf(this.#key).connection;
    await runScript(redis, append, [this.#key], { kept, deed });
  }

  async read(query: TrailQuery): Promise<TrailPage> {
    const deeds: TrailPage['deeds'][number][] = [];
    const first = Math.max(0, query.since - SKEW_MS);
    let before = query.cursor;
    for (let examined = 0; examined < EXAMINED; examined += BATCH) {
      const entries = await this.#entries(before, first);
      for (const [id, [, json = '{}']] of entries) {
        before = id;
        const deed = JSON.parse(json) as RecordedDeed;
        if (matches(deed, query)) deeds.push({ id, ...deed });
        if (deeds.length === query.limit) return { deeds, cursor: id };
      }
      if (entries.length < BATCH) return { deeds, cursor: null };
    }
    return { deeds, cursor: before };
  }

  async #entries(before: string | null, since: number): Promise<[id: string, fields: string[]][]> {
    const { redis } = this.#deps.servers.serverOf(this.#key).connection;
    // Nothing is before the first of all ids, and Redis takes the question for a mistake.
    if (before !== null && /^0+-0+$/.test(before)) return [];
    try {
      return await redis.xrevrange(this.#key, before === null ? '+' : `(${before}`, since, 'COUNT', BATCH);
    } catch (error) {
      throw new OrchestratorError('UNAVAILABLE', 'Redis did not say what it keeps of the audit', {
        cause: error,
        retryAfterMs: 1_000,
      });
    }
  }
}

function matches(deed: RecordedDeed, { route, action, who, since }: TrailQuery): boolean {
  return (
    (route === null || deed.route === route) &&
    (action === null || deed.action === action) &&
    (who === null || deed.who === who) &&
    deed.at >= since
  );
}
