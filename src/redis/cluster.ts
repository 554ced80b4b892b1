import type { Clock, Timer } from '../clock.ts';
import type { Component } from '../component.ts';
import type { RedisAccess } from '../config/config.ts';
import type { Address } from '../config/formats.ts';
import { OrchestratorError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { hashSlot, SLOTS } from './hash-slot.ts';
import { RedisServer } from './server.ts';
import type { OnMessage } from './server.ts';
import { newestOf, readSlotMap } from './slot-map.ts';
import type { SlotMap } from './slot-map.ts';
import { whyRefused } from './closed-door.ts';
import { clientOf } from './target.ts';

interface Deps {
  readonly seeds: readonly Address[];
  readonly access: RedisAccess;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The connection for commands to a primary was lost, and is there again. */
  readonly onReconnect?: (() => void) | undefined;
}

/** How often the nodes are asked who holds what: while something is missing, and else. MOVED is heard at once. */
const SEARCH_INTERVAL = 250;
const REVIEW_INTERVAL = 5_000;
/** A node that takes longer is not waited for. */
const ANSWER_TIMEOUT = 2_000;

/**
 * All primaries of a Redis Cluster, each with a connection of its own. ioredis' own Cluster client would send a command
 * on to whatever node holds the slot by then; here a script goes to the node whose run id it carries, or fails.
 */
export class RedisCluster implements Component {
  readonly #deps: Deps;
  readonly #servers = new Map<string, RedisServer>();
  /** By slot. A slot that nobody holds for a while keeps the holder before: its clock goes on. */
  readonly #holders: RedisServer[] = [];
  /** Few: one for each shard. */
  readonly #slots = new Map<string, number>();
  #covered = false;
  #subscription: { readonly pattern: string; readonly onMessage: OnMessage } | null = null;
  #looking: Promise<void> | null = null;
  #timer: Timer | null = null;
  #lastError = '';
  #stopped = false;
  #started: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Waits until every slot is held by a primary that answers. */
  async start(): Promise<void> {
    const started = new Promise<void>((resolve, reject) => {
      this.#started = { resolve, reject };
    });
    this.#look();
    await started;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#started?.reject(new OrchestratorError('UNAVAILABLE', 'the Redis connections were closed'));
    await this.#looking;
    await Promise.all([...this.#servers.values()].map((server) => server.stop()));
  }

  get ready(): boolean {
    return this.#covered && this.all.every(({ connection }) => connection.ready);
  }

  get all(): readonly RedisServer[] {
    return [...this.#servers.values()];
  }

  get lastError(): string {
    return (
      this.all.map(({ connection }) => connection.lastError).find((each) => each !== '') ?? this.#lastError
    );
  }

  serverOf(key: string): RedisServer {
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = hashSlot(key);
      this.#slots.set(key, slot);
    }
    const holder = this.#holders[slot];
    if (holder === undefined) {
      throw new OrchestratorError('UNAVAILABLE', 'no node of the Redis Cluster is known to hold this shard', {
        retryAfterMs: 1_000,
      });
    }
    return holder;
  }

  /** Every node hears what is published on any: only the one that holds the shard is listened to. */
  subscribe(pattern: string, onMessage: OnMessage): void {
    this.#subscription = { pattern, onMessage };
    for (const server of this.all) this.#listen(server);
  }

  #listen(server: RedisServer): void {
    if (this.#subscription === null) return;
    const { pattern, onMessage } = this.#subscription;
    server.subscribe(pattern, (channel, message) => {
      if (this.#holders[hashSlot(channel)] === server) onMessage(channel, message);
    });
  }

  /** Asks who holds what; not twice at a time. */
  readonly #look = (): void => {
    if (this.#stopped || this.#looking !== null) return;
    this.#timer?.cancel();
    this.#looking = this.#review().finally(() => {
      this.#looking = null;
      if (this.#stopped) return;
      if (this.ready) this.#started?.resolve();
      this.#timer = this.#deps.clock.after(this.ready ? REVIEW_INTERVAL : SEARCH_INTERVAL, this.#look);
    });
  };

  async #review(): Promise<void> {
    const known = [...this.#servers.keys()].map(addressOf);
    const asked = new Map([...this.#deps.seeds, ...known].map((address) => [nameOf(address), address]));
    const answers = await Promise.all([...asked.values()].map((address) => this.#ask(address)));
    const newest = newestOf(answers.filter((answer) => answer !== null));
    if (newest !== undefined && newest.ranges.length > 0 && !this.#stopped) this.#take(newest);
  }

  async #ask(address: Address): Promise<SlotMap | null> {
    const server = this.#servers.get(nameOf(address));
    if (server?.connection.ready === true) {
      return readSlotMap(server.connection.redis, address).catch(() => null);
    }
    const client = clientOf(
      { kind: 'node', address, access: this.#deps.access },
      {
        lazyConnect: true,
        enableReadyCheck: false,
        retryStrategy: null,
        connectTimeout: ANSWER_TIMEOUT,
        commandTimeout: ANSWER_TIMEOUT,
      },
    );
    client.on('error', () => undefined); // the promise tells it
    try {
      await client.connect();
      return await readSlotMap(client, address);
    } catch (error) {
      this.#lastError = `${nameOf(address)}: ${whyRefused(error)}`;
      return null;
    } finally {
      client.disconnect();
    }
  }

  #take({ ranges }: SlotMap): void {
    const names = new Set(ranges.map(({ primary }) => nameOf(primary)));
    for (const { from, to, primary } of ranges) {
      const server = this.#serverAt(primary);
      for (let slot = from; slot <= to; slot++) this.#holders[slot] = server;
    }
    for (const [name, server] of this.#servers) {
      if (names.has(name)) continue;
      this.#servers.delete(name);
      void server.stop();
    }
    this.#covered = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0) === SLOTS;
    this.#lastError = this.#covered ? '' : 'the Redis Cluster has slots that no node holds';
  }

  #serverAt(address: Address): RedisServer {
    const name = nameOf(address);
    let server = this.#servers.get(name);
    if (server === undefined) {
      const { logger, clock, access, onReconnect } = this.#deps;
      server = new RedisServer({
        target: { kind: 'node', address, access },
        logger: logger.child({ node: name }),
        clock,
        onReconnect,
        onErrorReply: (message) => {
          // A slot has gone to another node, or this node to another role.
          if (message.startsWith('MOVED')) this.#look();
        },
      });
      this.#servers.set(name, server);
      this.#listen(server);
      server.start().catch(() => undefined); // it was stopped before it was there
    }
    return server;
  }
}

function nameOf({ host, port }: Address): string {
  return `${host}:${String(port)}`;
}

function addressOf(name: string): Address {
  const colon = name.lastIndexOf(':');
  return { host: name.slice(0, colon), port: Number(name.slice(colon + 1)) };
}
