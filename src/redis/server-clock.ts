import type { Clock, Timer } from '../clock.ts';
import type { Component } from '../component.ts';
import type { RedisConnection } from './connection.ts';

interface Deps {
  readonly connection: RedisConnection;
  readonly clock: Clock;
}

/** One reading of Redis' clock: true time at `monotonic` lies within `epoch ± slack`. */
interface Reading {
  readonly epoch: number;
  readonly monotonic: number;
  readonly slack: number;
}

const INTERVAL = 3_000;

/**
 * The time of the shards on one server: its own, measured when connected, before any script runs, and every few seconds;
 * counted on the monotonic clock in between. A wall clock of ours that jumps changes nothing. After a failover it is the
 * new primary's clock, which may show another time.
 */
export class ServerClock implements Component {
  readonly #deps: Deps;
  #reading: Reading | null = null;
  #timer: Timer | null = null;
  #stopped = false;
  readonly #measureAgain = (): void => {
    // Not reachable: the last reading goes on counting, and the next connection measures again.
    this.#measure().catch(() => undefined);
  };

  constructor(deps: Deps) {
    this.#deps = deps;
    deps.connection.introduce(() => this.#measure());
  }

  /** The connection has measured it already. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    return Promise.resolve();
  }

  /** Epoch ms that has surely come: what is due by it may be released. */
  past(): number {
    return Math.floor(this.#now() - (this.#reading?.slack ?? 0));
  }

  /** Epoch ms that has surely not passed: what is counted from it is never early. */
  now(): number {
    return Math.ceil(this.#now() + (this.#reading?.slack ?? 0));
  }

  #now(): number {
    const { clock } = this.#deps;
    return this.#reading ? this.#reading.epoch + (clock.monotonic() - this.#reading.monotonic) : clock.now();
  }

  /** Takes the best of a few readings: the one with the shortest way there and back. */
  async #measure(): Promise<void> {
    this.#timer?.cancel();
    const { connection, clock } = this.#deps;
    let best: Reading | null = null;
    try {
      for (let i = 0; i < 3; i++) {
        const sent = clock.monotonic();
        const [seconds, micros] = await connection.redis.time();
        const received = clock.monotonic();
        const slack = (received - sent) / 2;
        const epoch = Number(seconds) * 1_000 + Number(micros) / 1_000;
        if (best === null || slack < best.slack) best = { epoch, monotonic: sent + slack, slack };
      }
      this.#reading = best;
    } finally {
      this.#timer?.cancel();
      if (!this.#stopped) this.#timer = clock.after(INTERVAL, this.#measureAgain, { unref: true });
    }
  }
}
