import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Logger } from '../logger.ts';
import { Recurring } from '../recurring.ts';
import type { RedisServer } from '../redis/server.ts';
import type { RedisServers } from '../redis/servers.ts';
import { shardKeys } from '../redis/shard-keys.ts';
import { Trouble } from '../trouble.ts';

interface Deps {
  readonly servers: Pick<RedisServers, 'serverOf'>;
  readonly keyPrefix: string;
  readonly route: string;
  /** Shards of the route, whoever owns them; 0 until Kafka has said how many there are. */
  readonly partitions: () => number;
  /** After each look that Redis has answered. */
  readonly onRead: (load: Load, servers: ReadonlySet<RedisServer>) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a whole route weighs: all of its shards, not only those that this replica owns. */
export interface Load {
  readonly lockedKeys: number;
  /** Of all records in the box, as Redis holds them. */
  readonly heldBytes: number;
}

const INTERVAL = 1_000;

/** How much of a route is in Redis, asked once a second. While Redis does not answer, what it said last stands. */
export class RouteLoad implements Component {
  readonly #deps: Deps;
  readonly #looks: Recurring;
  readonly #silence: Trouble;
  #load: Load = { lockedKeys: 0, heldBytes: 0 };

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#silence = new Trouble(deps.logger);
    this.#looks = new Recurring({ interval: INTERVAL, look: () => this.#look(), clock: deps.clock });
  }

  get lockedKeys(): number {
    return this.#load.lockedKeys;
  }

  async start(): Promise<void> {
    await this.#look();
    await this.#looks.start();
  }

  async stop(): Promise<void> {
    await this.#looks.stop();
  }

  async #look(): Promise<void> {
    try {
      const shards = this.#shards();
      this.#load = await readLoad(shards);
      this.#silence.over('load_known', 'Redis says again how much of the route it holds');
      this.#deps.onRead(this.#load, new Set(shards.keys()));
    } catch (err) {
      this.#silence.met(
        { event: 'load_unknown', err },
        'Redis did not say how much of the route it holds; asking again',
      );
    }
  }

  /** The keys of each shard, by the server that holds it. */
  #shards(): Map<RedisServer, string[][]> {
    const { servers, keyPrefix, route, partitions } = this.#deps;
    const shards = new Map<RedisServer, string[][]>();
    for (let partition = 0; partition < partitions(); partition++) {
      const keys = shardKeys(keyPrefix, route, partition);
      const server = servers.serverOf(keys[0] ?? '');
      shards.set(server, [...(shards.get(server) ?? []), keys]);
    }
    return shards;
  }
}

/** One call to each server. */
async function readLoad(shards: ReadonlyMap<RedisServer, string[][]>): Promise<Load> {
  const loads = await Promise.all(
    [...shards].map(async ([{ connection }, keys]) => {
      const pipeline = connection.redis.pipeline();
      for (const [meta = '', locks = ''] of keys) pipeline.hlen(locks).hget(meta, 'heldBytes');
      return figuresOf((await pipeline.exec()) ?? []);
    }),
  );
  return {
    lockedKeys: loads.reduce((sum, { lockedKeys }) => sum + lockedKeys, 0),
    heldBytes: loads.reduce((sum, { heldBytes }) => sum + heldBytes, 0),
  };
}

/** Of each shard its locks, then its bytes. @throws what Redis answered instead */
function figuresOf(answers: readonly (readonly [error: Error | null, figure: unknown])[]): Load {
  const load = { lockedKeys: 0, heldBytes: 0 };
  answers.forEach(([error, figure], i) => {
    if (error !== null) throw error;
    load[i % 2 === 0 ? 'lockedKeys' : 'heldBytes'] += Number(figure ?? 0);
  });
  return load;
}
