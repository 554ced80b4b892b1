import type { Clock, Timer } from '../clock.ts';
import type { Component } from '../component.ts';
import type { RedisConnection } from './connection.ts';

/** Bytes. */
export interface Memory {
  readonly used: number;
  /** `maxmemory`; 0 = it has none. */
  readonly max: number;
}

interface Deps {
  readonly connection: RedisConnection;
  readonly clock: Clock;
}

const INTERVAL = 1_000;

/** How full a server is: asked once a second. While it does not answer, what it said last stands. */
export class ServerMemory implements Component {
  readonly #deps: Deps;
  #memory: Memory = { used: 0, max: 0 };
  #timer: Timer | null = null;
  #stopped = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get now(): Memory {
    return this.#memory;
  }

  start(): Promise<void> {
    this.#schedule();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    return Promise.resolve();
  }

  /** `info`: what the server answers to INFO memory. */
  read(info: string): void {
    const bytes = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    this.#memory = { used: bytes('used_memory'), max: bytes('maxmemory') };
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.clock.after(INTERVAL, () => void this.#ask(), { unref: true });
  }

  async #ask(): Promise<void> {
    try {
      this.read(await this.#deps.connection.redis.info('memory'));
    } catch {
      // Not reachable: the connection tells, and the next one asks before anybody uses it.
    }
    this.#schedule();
  }
}
