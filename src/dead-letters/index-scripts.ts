import type { RedisConnection } from '../redis/connection.ts';
import { scriptFailure } from '../redis/failure.ts';
import { allDeadLetterKeys, deadLetterKeys } from '../redis/dead-letter-keys.ts';
import { readScript, runScript } from '../redis/define-script.ts';
import type { Argument, Reply, Script } from '../redis/define-script.ts';

type Operation = 'take' | 'index' | 'settle' | 'statuses' | 'page' | 'row' | 'groups' | 'forget';

/** `NOT_READY`: Redis has lost the index. `CURSOR`: somebody else has read on, or the caller is behind. */
export type IndexReply =
  | { readonly status: 'OK'; readonly result: readonly Reply[] }
  | { readonly status: 'NOT_READY' }
  | { readonly status: 'CURSOR'; readonly cursor: number; readonly partition: number }
  | { readonly status: 'MORE'; readonly partitions: number };

export interface Meta {
  readonly runId: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly openRows: number;
}

interface Deps {
  readonly servers: { serverOf(key: string): { readonly connection: RedisConnection } };
  readonly keyPrefix: string;
  readonly route: string;
}

const directory = new URL('./lua/', import.meta.url);
const scripts = new Map<string, Script<Argument[], IndexReply>>();

/** Runs the scripts of one route's index; each carries the run id of the server that it goes to. */
export class IndexScripts {
  readonly #deps: Deps;
  readonly #meta: string;

  constructor(deps: Deps) {
    this.#deps = deps;
    [this.#meta = ''] = deadLetterKeys(deps.keyPrefix, deps.route, 0);
  }

  /** @throws OrchestratorError UNAVAILABLE where Redis can't run it. */
  run(operation: Operation, partition: number, args: Argument[]): Promise<IndexReply> {
    const { keyPrefix, route } = this.#deps;
    return this.#run(operation, deadLetterKeys(keyPrefix, route, partition), args);
  }

  /** With the keys of all partitions. */
  async runOnAll(operation: 'take', partitions: number, args: Argument[]): Promise<IndexReply> {
    const { keyPrefix, route } = this.#deps;
    return this.#run(operation, allDeadLetterKeys(keyPrefix, route, partitions), args);
  }

  /** The fields of `meta`, rows of open dead letters, and the run id that all has to belong to. */
  async meta(): Promise<Meta> {
    const { keyPrefix, route } = this.#deps;
    const { connection } = this.#deps.servers.serverOf(this.#meta);
    const { runId, redis } = connection;
    const open = deadLetterKeys(keyPrefix, route, 0)[2] ?? '';
    const both = await answered('meta', redis.multi().hgetall(this.#meta).zcard(open).exec());
    const [fields, rows] = (both ?? []).map(([, value]) => value);
    return { runId, fields: (fields ?? {}) as Meta['fields'], openRows: Number(rows ?? 0) };
  }

  /** Reason and class of the groups that have open rows, by hash. */
  async names(): Promise<[hash: Buffer, name: Buffer][]> {
    const { keyPrefix, route } = this.#deps;
    const key = deadLetterKeys(keyPrefix, route, 0)[6] ?? '';
    const { redis } = this.#deps.servers.serverOf(key).connection;
    // No more than a thousand (lua/shared/index.lua).
    const flat = (await answered('names', redis.callBuffer('HGETALL', key))) as Buffer[];
    const names: [Buffer, Buffer][] = [];
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const [hash, name] = flat.slice(i, i + 2);
      if (hash !== undefined && name !== undefined) names.push([hash, name]);
    }
    return names;
  }

  async #run(operation: Operation, keys: string[], args: Argument[]): Promise<IndexReply> {
    const { connection } = this.#deps.servers.serverOf(this.#meta);
    const { runId, redis } = connection;
    return answered(operation, runScript(redis, scriptOf(operation, keys.length), keys, [runId, ...args]));
  }
}

/** The client knows a script by one number of keys. */
function scriptOf(operation: Operation, keys: number): Script<Argument[], IndexReply> {
  const name = `dead_letters_${operation}_${String(keys)}`;
  let script = scripts.get(name);
  if (script === undefined) {
    const lua = readScript(directory, ['shared/index.lua'], `${operation}.lua`);
    script = { name, lua, argv: (args) => args, decode };
    scripts.set(name, script);
  }
  return script;
}

function decode(reply: Reply): IndexReply {
  const [status, ...result] = reply as readonly Reply[];
  switch (String(status)) {
    case 'OK':
      return { status: 'OK', result };
    case 'CURSOR':
      return { status: 'CURSOR', cursor: Number(result[0]), partition: Number(result[1] ?? -1) };
    case 'MORE':
      return { status: 'MORE', partitions: Number(result[0]) };
    case 'NOT_READY':
      return { status: 'NOT_READY' };
    default:
      throw new Error(`a script answered ${String(status)}`);
  }
}

async function answered<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw scriptFailure(error, what, `${what} on the index of dead letters`);
  }
}
