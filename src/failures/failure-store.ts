import { decode, encode } from '@msgpack/msgpack';
import type { Unit } from '../domain/unit.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { unanswered } from '../redis/failure.ts';
import { readScript, runScript } from '../redis/define-script.ts';
import type { Argument, Script } from '../redis/define-script.ts';
import { failureKeys } from '../redis/shard-keys.ts';
import { KEPT_OF_KEY } from './failure-tally.ts';
import type { KeyFailure, ShapeCount, Taken } from './failure-tally.ts';

interface Deps {
  readonly servers: { serverOf(key: string): { readonly connection: RedisConnection } };
  readonly keyPrefix: string;
  readonly route: string;
}

/** Kept of each route: the kinds of failures, and the keys, that failed last. */
const SHAPES = 500;
const KEYS = 10_000;
/** In one script. */
const AT_ONCE = 100;

const record: Script<Argument[], null> = {
  name: 'record_failures',
  lua: readScript(new URL('./lua/', import.meta.url), [], 'record.lua'),
  argv: (args) => args,
  decode: () => null,
};

/** What failed on a route, of all replicas together; Redis may forget it. */
export class FailureStore {
  readonly #deps: Deps;
  readonly #keys: readonly string[];

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#keys = failureKeys(deps.keyPrefix, deps.route);
  }

  /** @throws UNAVAILABLE: perhaps some of it was added. */
  async add({ shapes, keys }: Taken): Promise<void> {
    const calls: Argument[][] = [];
    for (let i = 0; i < shapes.length; i += AT_ONCE) calls.push(argsOf(shapes.slice(i, i + AT_ONCE), []));
    for (let i = 0; i < keys.length; i += AT_ONCE) calls.push(argsOf([], keys.slice(i, i + AT_ONCE)));
    const redis = this.#redis();
    await Promise.all(calls.map((args) => runScript(redis, record, this.#keys, args))).catch(unanswered);
  }

  /** The most frequent, or those seen last. @throws UNAVAILABLE */
  async top(sort: 'count' | 'last', limit: number): Promise<ShapeCount[]> {
    const [shapes = '', counts = '', seen = ''] = this.#keys;
    const redis = this.#redis();
    const ids = await redis.zrevrange(sort === 'count' ? counts : seen, 0, limit - 1).catch(unanswered);
    if (ids.length === 0) return [];
    const [rows, counted, last] = await Promise.all([
      redis.hmgetBuffer(shapes, ...ids),
      redis.zmscore(counts, ...ids),
      redis.zmscore(seen, ...ids),
    ]).catch(unanswered);
    return ids.flatMap((id, i) => {
      const row = rows[i];
      if (!row) return [];
      const [first, errorClass, shape, example] = decode(row) as string[];
      return {
        ...{ id, errorClass: errorClass ?? '', shape: shape ?? '', example: example ?? '' },
        count: Number(counted[i]),
        firstSeen: Number(first),
        lastSeen: Number(last[i]),
      };
    });
  }

  /** The last failures of a key, the newest first. @throws UNAVAILABLE */
  async ofUnit(unit: Unit): Promise<KeyFailure[]> {
    const [, , , units = ''] = this.#keys;
    const packed = await this.#redis().hgetBuffer(units, unit).catch(unanswered);
    if (packed === null) return [];
    return (decode(packed) as [number, number, string, string][]).map(
      ([at, partition, errorClass, message]) => ({ at, partition, errorClass, message }),
    );
  }

  #redis(): RedisConnection['redis'] {
    return this.#deps.servers.serverOf(this.#keys[0] ?? '').connection.redis;
  }
}

function argsOf(shapes: readonly ShapeCount[], keys: Taken['keys']): Argument[] {
  return [
    ...[SHAPES, KEYS, KEPT_OF_KEY, shapes.length],
    ...shapes.flatMap(({ id, count, firstSeen, lastSeen, errorClass, shape, example }) => [
      ...[id, count, firstSeen, lastSeen, errorClass, shape, example],
    ]),
    ...keys.flatMap(([unit, failures]) => [unit, failures[0]?.at ?? 0, packed(failures)]),
  ];
}

function packed(failures: readonly KeyFailure[]): Buffer {
  return Buffer.from(
    encode(failures.map(({ at, partition, errorClass, message }) => [at, partition, errorClass, message])),
  );
}
