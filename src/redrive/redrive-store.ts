import type { Position } from '../dead-letters/dead-letter.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { unanswered } from '../redis/failure.ts';
import type { Argument, Reply, Script } from '../redis/define-script.ts';
import { readScript, runScript } from '../redis/define-script.ts';
import type { ServerClock } from '../redis/server-clock.ts';
import { type Progress, UNTOUCHED } from './progress.ts';
import type { Redrive, RedriveState, Wish } from './redrive.ts';
import { stateOf } from './redrive.ts';

/** What only the runner needs; forgotten when the redrive has ended, for there may be a payload in it. */
export interface Work {
  readonly positions: readonly Position[] | null;
  readonly edit: Edit | null;
}

/** What is published in the place of the only dead letter. `null`: as it is. */
export interface Edit {
  readonly value: { readonly base64: string | null } | null;
  readonly headers: readonly { readonly name: string; readonly base64: string }[] | null;
}

export interface StoredRedrive {
  readonly redrive: Redrive;
  readonly wish: Wish;
  readonly progress: Progress;
  readonly state: RedriveState;
}

/** A name that a caller gave its request, and what was asked by it. */
interface Request {
  readonly name: string;
  readonly digest: string;
}

export type Created =
  | { readonly kind: 'created' }
  | { readonly kind: 'same'; readonly id: string }
  | { readonly kind: 'other-request' }
  | { readonly kind: 'full' };

export type Noted =
  { readonly kind: 'ok'; readonly wish: Wish } | { readonly kind: 'fenced' } | { readonly kind: 'gone' };

/** The server that holds the redrives, with its own time. */
interface Server {
  readonly connection: RedisConnection;
  readonly clock: Pick<ServerClock, 'past' | 'now'>;
}

interface Deps {
  readonly servers: { serverOf(key: string): Server };
  readonly keyPrefix: string;
  readonly route: string;
}

/** Redrives that are kept for each route. */
const KEPT = 100;
const NAMES = ['definitions', 'works', 'wishes', 'progress', 'order', 'requests', 'lease'] as const;
const directory = new URL('./lua/', import.meta.url);

/** The redrives of one route in Redis. Any replica may call it. Rejects with UNAVAILABLE where Redis does not answer. */
export class RedriveStore {
  readonly #deps: Deps;
  readonly #keys: Readonly<Record<(typeof NAMES)[number], string>>;

  constructor(deps: Deps) {
    this.#deps = deps;
    const tag = `${deps.keyPrefix}{${deps.route}:dead-letters}:redrive-`;
    this.#keys = Object.fromEntries(NAMES.map((name) => [name, tag + name])) as never;
  }

  async create(redrive: Redrive, work: Work, request: Request | null): Promise<Created> {
    const needed = work.positions !== null || work.edit !== null;
    const [status, id] = await this.#run('create', [
      redrive.id,
      redrive.createdAt,
      request?.name ?? '',
      request?.digest ?? '',
      JSON.stringify(redrive),
      needed ? JSON.stringify(work) : '',
      KEPT,
    ]);
    switch (status) {
      case 'OK':
        return { kind: 'created' };
      case 'SAME':
        return { kind: 'same', id: id ?? '' };
      case 'OTHER':
        return { kind: 'other-request' };
      default:
        return { kind: 'full' };
    }
  }

  /** False: something else is wished of it by now. */
  async steer(id: string, before: Wish, after: Wish): Promise<boolean> {
    const [status] = await this.#run('steer', [id, before, after]);
    return status === 'OK';
  }

  async get(id: string): Promise<StoredRedrive | null> {
    const [found] = await this.#read([id]);
    return found ?? null;
  }

  /** The newest first. */
  async list(): Promise<StoredRedrive[]> {
    const ids = await this.#ask(({ redis }) => redis.zrevrange(this.#keys.order, 0, -1));
    return this.#read(ids);
  }

  /** Those that have not ended, the oldest first. */
  async open(): Promise<StoredRedrive[]> {
    const wishes = await this.#ask(({ redis }) => redis.hgetall(this.#keys.wishes));
    const ids = Object.keys(wishes).filter((id) => wishes[id] !== ENDED);
    if (ids.length === 0) return [];
    const found = await this.#read(ids);
    return found.sort((a, b) => a.redrive.createdAt - b.redrive.createdAt);
  }

  async work(id: string): Promise<Work> {
    const text = await this.#ask(({ redis }) => redis.hget(this.#keys.works, id));
    return text === null ? { positions: null, edit: null } : (JSON.parse(text) as Work);
  }

  /** The epoch of the lease, if this holder has it now for so many ms; else null. */
  async lease(holder: string, length: number): Promise<string | null> {
    const { clock } = this.#server();
    const [epoch = ''] = await this.#run('lease', [clock.past(), clock.now(), holder, length]);
    return epoch === '' ? null : epoch;
  }

  async release(epoch: string): Promise<void> {
    await this.#run('release', [epoch]);
  }

  async note(epoch: string, id: string, progress: Progress): Promise<Noted> {
    const ended = progress.end === null ? 0 : 1;
    const [status, wish] = await this.#run('progress', [epoch, id, JSON.stringify(progress), ended]);
    if (status === 'OK') return { kind: 'ok', wish: wish as Wish };
    return { kind: status === 'FENCED' ? 'fenced' : 'gone' };
  }

  async #read(ids: readonly string[]): Promise<StoredRedrive[]> {
    if (ids.length === 0) return [];
    const { definitions, wishes, progress } = this.#keys;
    const [defined, wished, noted] = await this.#ask(({ redis }) =>
      Promise.all([
        redis.hmget(definitions, ...ids),
        redis.hmget(wishes, ...ids),
        redis.hmget(progress, ...ids),
      ]),
    );
    return ids.flatMap((_, i) => {
      const definition = defined[i];
      if (!definition) return [];
      const known = noted[i];
      const so = known ? (JSON.parse(known) as Progress) : UNTOUCHED;
      const wish = (wished[i] ?? ENDED) === ENDED ? 'run' : (wished[i] as Wish);
      return [
        { redrive: JSON.parse(definition) as Redrive, wish, progress: so, state: stateOf(wish, so.end) },
      ];
    });
  }

  #run(name: string, args: Argument[]): Promise<string[]> {
    return this.#ask(({ redis }) => runScript(redis, scriptOf(name), Object.values(this.#keys), args));
  }

  #server(): Server {
    return this.#deps.servers.serverOf(this.#keys.definitions);
  }

  async #ask<T>(question: (connection: RedisConnection) => Promise<T>): Promise<T> {
    const { connection } = this.#server();
    try {
      return await question(connection);
    } catch (error) {
      return unanswered(error);
    }
  }
}

const ENDED = 'ended';
const scripts = new Map<string, Script<Argument[], string[]>>();

function scriptOf(name: string): Script<Argument[], string[]> {
  let script = scripts.get(name);
  if (script === undefined) {
    script = {
      name: `redrive_${name}`,
      lua: readScript(directory, [], `${name}.lua`),
      argv: (args) => args,
      decode: (reply) => (Array.isArray(reply) ? (reply as Reply[]).map(String) : []),
    };
    scripts.set(name, script);
  }
  return script;
}
