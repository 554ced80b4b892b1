import type { Clock } from '../clock.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { scriptFailure } from '../redis/failure.ts';
import { runScript } from '../redis/define-script.ts';
import type { Argument } from '../redis/define-script.ts';
import { keepFirst, keepInstead } from '../redis/expiring-text.ts';
import type { ServerClock } from '../redis/server-clock.ts';
import { deedsKey, shardKeys, tellKey, usedKey } from '../redis/shard-keys.ts';
import { scriptOf } from './scripts.ts';
import type { Operation, Release, ScriptReply, Told } from './scripts.ts';

/** What a call did, for the metrics of the replica that made it. */
export interface BoxCall {
  readonly route: string;
  readonly partition: number;
  readonly operation: Operation;
  readonly seconds: number;
  readonly acquired: number;
  readonly released: readonly Release[];
  /** Empty without `tell`. */
  readonly told: readonly Told[];
}

const NOTHING = { acquired: 0, released: [], told: [] };

/** The server that holds a shard, with its own run id and its own time. */
interface ShardServer {
  readonly connection: RedisConnection;
  readonly clock: Pick<ServerClock, 'past' | 'now'>;
}

interface Deps {
  readonly servers: { serverOf(key: string): ShardServer };
  readonly clock: Clock;
  readonly keyPrefix: string;
  readonly route: string;
  readonly onCall?: (call: BoxCall) => void;
  /** Whether a call is to tell what it changed; it costs a little for each message. */
  readonly tell?: () => boolean;
}

/**
 * Runs the scripts of one route's shards. Every one goes to the server that holds its shard, and carries the run id that
 * was read from that very connection, and the time on that server's clock.
 */
export class BoxScripts {
  readonly #deps: Deps;
  readonly #keys = new Map<number, string[]>();
  /** The same, with the one that asks for what was changed. */
  readonly #tellingKeys = new Map<number, string[]>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get route(): string {
    return this.#deps.route;
  }

  /** As `run`, with what was answered to such calls before: `deeds` names it. */
  async act(partition: number, args: Argument[], deeds: string | null): Promise<ScriptReply> {
    if (deeds === null) return this.run(partition, 'act', args);
    const { keyPrefix, route } = this.#deps;
    const tell = this.#tells();
    const keys = this.#keysOf(partition, tell);
    // The key before it says whether to tell; META says that it is none.
    const all = [...keys, ...(tell ? [] : keys.slice(0, 1)), deedsKey(keyPrefix, route, partition, deeds)];
    return this.run(partition, 'act', args, 'now', all);
  }

  /**
   * What was kept under that name, where something is; else `text` is kept there for so long (ms), and null is answered.
   * @throws UNAVAILABLE
   */
  async keep(name: string, text: string, ms: number): Promise<string | null> {
    const { keyPrefix, route } = this.#deps;
    const key = usedKey(keyPrefix, route, name);
    const { redis } = this.#serverOf([key]).connection;
    try {
      return (await keepFirst(redis, key, text, ms))?.text ?? null;
    } catch (error) {
      throw scriptFailure(error, 'keep');
    }
  }

  /** What is kept under that name, or null. @throws UNAVAILABLE */
  async kept(name: string): Promise<string | null> {
    const key = usedKey(this.#deps.keyPrefix, this.#deps.route, name);
    const { redis } = this.#serverOf([key]).connection;
    return redis.get(key).catch((error: unknown) => Promise.reject(scriptFailure(error, 'kept')));
  }

  /** Puts something else in the place of what is kept there, until the same time. @throws UNAVAILABLE */
  async keepInstead(name: string, text: string): Promise<void> {
    const key = usedKey(this.#deps.keyPrefix, this.#deps.route, name);
    const { redis } = this.#serverOf([key]).connection;
    await keepInstead(redis, key, text).catch((error: unknown) =>
      Promise.reject(scriptFailure(error, 'keepInstead')),
    );
  }

  /** `rounding: 'past'` where acting early would break a promise (release), else the later bound of the time. */
  async run(
    partition: number,
    operation: Operation,
    args: Argument[],
    rounding: 'past' | 'now' = 'now',
    keys: readonly string[] = this.#keysOf(partition),
  ): Promise<ScriptReply> {
    const { clock, onCall } = this.#deps;
    const { connection, clock: serverClock } = this.#serverOf(keys);
    const time = rounding === 'past' ? serverClock.past() : serverClock.now();
    const argv = [connection.runId, time, ...args];
    const begun = clock.monotonic();
    let reply: ScriptReply;
    try {
      reply = await runScript(connection.redis, scriptOf(operation), keys, argv);
    } catch (error) {
      throw scriptFailure(error, operation);
    }
    const { acquired, released, told } = reply.status === 'OK' ? reply : NOTHING;
    onCall?.({
      route: this.#deps.route,
      partition,
      operation,
      seconds: (clock.monotonic() - begun) / 1_000,
      acquired,
      released,
      told,
    });
    return reply;
  }

  /** The packed locks of a shard, a page at a time. */
  async *scanLocks(partition: number): AsyncGenerator<[unit: Buffer, packed: Buffer][]> {
    const keys = this.#keysOf(partition);
    const [, locks] = keys;
    if (locks === undefined) return;
    const { redis } = this.#serverOf(keys).connection;
    let cursor = '0';
    do {
      const [next, flat] = await redis
        .hscanBuffer(locks, cursor, 'COUNT', 250)
        .catch((error: unknown) => Promise.reject(scriptFailure(error, 'scan')));
      const page: [Buffer, Buffer][] = [];
      flat.forEach((value, i) => {
        if (i % 2 === 0) page.push([value, flat[i + 1] ?? value]);
      });
      yield page;
      cursor = next.toString();
    } while (cursor !== '0');
  }

  #serverOf([key = '']: readonly string[]): ShardServer {
    return this.#deps.servers.serverOf(key);
  }

  #tells(): boolean {
    return this.#deps.tell?.() ?? false;
  }

  #keysOf(partition: number, tell = this.#tells()): string[] {
    const { keyPrefix, route } = this.#deps;
    const cache = tell ? this.#tellingKeys : this.#keys;
    let keys = cache.get(partition);
    if (keys === undefined) {
      keys = shardKeys(keyPrefix, route, partition);
      if (tell) keys.push(tellKey(keyPrefix, route, partition));
      cache.set(partition, keys);
    }
    return keys;
  }
}
