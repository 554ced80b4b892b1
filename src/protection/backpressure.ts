import type { Logger } from '../logger.ts';
import type { Memory } from '../redis/memory.ts';
import { bytesLevel, memoryLevel, rank, worst } from './pressure.ts';
import type { Level, Margins } from './pressure.ts';

interface Deps {
  readonly margins: Margins;
  /** Bytes that a route may hold in Redis. */
  readonly heldBytes: number;
  /** Epoch ms. */
  readonly now: () => number;
  readonly onChange: (level: Level) => void;
  readonly logger: Logger;
}

/** What an operator sees of it. */
export interface BackpressureState {
  readonly state: Level;
  /** Epoch ms; null: all is well. */
  readonly since: number | null;
  readonly why: string | null;
}

interface ServerOfShards {
  readonly memory: { readonly now: Memory };
}

const MESSAGES: Readonly<Record<Level, string>> = {
  inline: 'messages are kept in Redis again',
  'left-out': 'headers and values of new messages stay in Kafka, and are read again when they are due',
  stopped:
    'the retry topic is read no further until Redis has room; new failures, and all that comes meanwhile, wait in Kafka',
};

/** How full Redis is decides how much of a message goes there: of each server, and of the route as a whole. */
export class Backpressure {
  readonly #deps: Deps;
  readonly #servers = new Map<ServerOfShards, Level>();
  /** Bytes that were added to a server since it was asked last, about. */
  readonly #added = new Map<ServerOfShards, number>();
  #bytes: Level = 'inline';
  #held = 0;
  #state: BackpressureState = { state: 'inline', since: null, why: null };

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get state(): BackpressureState {
    return this.#state;
  }

  /** Of the shards on that server. */
  levelOf(server: ServerOfShards): Level {
    return worst([this.#bytes, this.#servers.get(server) ?? 'inline']);
  }

  /** What was read now: bytes that the route holds, and the servers with its shards. */
  look(held: number, servers: ReadonlySet<ServerOfShards>): void {
    const { heldBytes } = this.#deps;
    this.#held = held;
    this.#bytes = bytesLevel(this.#bytes, held, heldBytes);
    for (const known of this.#servers.keys()) if (!servers.has(known)) this.#servers.delete(known);
    this.#added.clear();
    for (const server of servers) this.#judge(server);
    this.#settle();
  }

  /** So much more is there now, about: a second is long where records come in fast. */
  added(server: ServerOfShards, bytes: number): void {
    this.#added.set(server, (this.#added.get(server) ?? 0) + bytes);
    this.#judge(server);
    this.#settle();
  }

  /** Redis has refused a record for its memory: the same as if it were full. */
  refused(server: ServerOfShards): void {
    this.#servers.set(server, 'stopped');
    this.#settle();
  }

  #judge(server: ServerOfShards): void {
    const before = this.#servers.get(server) ?? 'inline';
    const { margins } = this.#deps;
    const measured = memoryLevel(before, shareOf(server, 0), margins);
    const reckoned = memoryLevel(before, shareOf(server, this.#added.get(server) ?? 0), margins);
    // Only what was measured stops: much of what is read takes the place of what was announced.
    const level = reckoned === 'stopped' ? 'left-out' : reckoned;
    this.#servers.set(server, worst([measured, level]));
  }

  #settle(): void {
    const { now, onChange, logger } = this.#deps;
    const state = worst([this.#bytes, ...this.#servers.values()]);
    const why = state === 'inline' ? null : this.#why(state);
    if (state === this.#state.state) {
      this.#state = { ...this.#state, why };
      return;
    }
    const worse = rank(state) > rank(this.#state.state);
    this.#state = { state, since: state === 'inline' ? null : now(), why };
    onChange(state);
    const fields = { event: 'backpressure' as const, state, ...(why === null ? {} : { why }) };
    if (worse) logger.warn(fields, MESSAGES[state]);
    else logger.info(fields, MESSAGES[state]);
  }

  #why(state: Level): string {
    const full = [...this.#servers].filter(([, level]) => level === state);
    const [first] = full;
    if (first === undefined) {
      return `the route holds ${mebibytes(this.#held)} in Redis; limits.heldBytes is ${mebibytes(this.#deps.heldBytes)}`;
    }
    const { used, max } = first[0].memory.now;
    const others = full.length > 1 ? `, and ${full.length - 1} more like it` : '';
    return `a Redis server uses ${mebibytes(used)} of its maxmemory of ${mebibytes(max)}${others}`;
  }
}

function shareOf({ memory: { now } }: ServerOfShards, added: number): number | null {
  return now.max === 0 ? null : (now.used + added) / now.max;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
