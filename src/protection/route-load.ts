import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Logger } from '../logger.ts';
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
  readonly onRead: (load: Load) => void;
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
  readonly #abort = new AbortController();
  readonly #silence: Trouble;
  #running: Promise<void> | null = null;
  #load: Load = { lockedKeys: 0, heldBytes: 0 };

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#silence = new Trouble(deps.logger);
  }

  get lockedKeys(): number {
    return this.#load.lockedKeys;
  }

  get heldBytes(): number {
    return this.#load.heldBytes;
  }

  async start(): Promise<void> {
    await this.#look();
    this.#running = this.#watch();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'));
    await this.#running;
  }

  #isStopped(): boolean {
    return this.#abort.signal.aborted;
  }

  async #watch(): Promise<void> {
    while (!this.#isStopped()) {
      await this.#deps.clock.sleep(INTERVAL, this.#abort.signal).catch(() => undefined);
      if (!this.#isStopped()) await this.#look();
    }
  }

  async #look(): Promise<void> {
    try {
      this.#load = await this.#read();
      this.#silence.over('load_known', 'Redis says again how much of the route it holds');
    } catch (err) {
      this.#silence.met(
        { event: 'load_unknown', err },
        'Redis did not say how much of the route it holds; asking again',
      );
      return;
    }
    this.#deps.onRead(this.#load);
  }

  async #read(): Promise<Load> {
    const { servers, keyPrefix, route, partitions } = this.#deps;
    // One call to each server that holds a shard of the route.
    const calls = new Map<ReturnType<Deps['servers']['serverOf']>, string[][]>();
    for (let partition = 0; partition < partitions(); partition++) {
      const keys = shardKeys(keyPrefix, route, partition);
      const server = servers.serverOf(keys[0] ?? '');
      calls.set(server, [...(calls.get(server) ?? []), keys]);
    }
    const loads = await Promise.all(
      [...calls].map(async ([{ connection }, shards]) => {
        const pipeline = connection.redis.pipeline();
        for (const [meta = '', locks = ''] of shards) pipeline.hlen(locks).hget(meta, 'heldBytes');
        return figuresOf((await pipeline.exec()) ?? []);
      }),
    );
    return loads.reduce(
      (sum, load) => ({
        lockedKeys: sum.lockedKeys + load.lockedKeys,
        heldBytes: sum.heldBytes + load.heldBytes,
      }),
      { lockedKeys: 0, heldBytes: 0 },
    );
  }
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
