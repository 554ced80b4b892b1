import { decode, encode } from '@msgpack/msgpack';
import type { Clock, Timer } from '../clock.ts';
import type { Component } from '../component.ts';
import type { Unit } from '../domain/unit.ts';
import { keyOf } from '../domain/unit.ts';
import { FailureWindow, SPAN } from './failure-window.ts';
import { keyName, namedKey } from './key-name.ts';
import { cut, merged } from './space-saving.ts';
import type { Counted, Sketch } from './space-saving.ts';

/** What each replica has told of itself, in Redis; it may forget it. */
export interface Board {
  put(replica: string, told: Buffer): Promise<void>;
  all(): Promise<ReadonlyMap<string, Buffer>>;
}

interface Deps {
  readonly board: Board;
  readonly replica: string;
  readonly clock: Clock;
}

/** A key of one partition that failed often. */
export interface FailingKey {
  readonly unit: Unit;
  readonly partition: number;
  readonly count: number;
  readonly error: number;
}

export interface FailingKeys {
  /** Epoch ms: failures since then are counted. */
  readonly since: number;
  readonly total: number;
  /** What a key that is not listed may have had. */
  readonly othersAtMost: number;
  readonly keys: readonly FailingKey[];
}

type Told = [
  at: number,
  since: number,
  total: number,
  othersAtMost: number,
  keys: [Uint8Array, number, number][],
];

const INTERVAL = 2_000;
/** Told by a replica, and given at most. */
export const KEPT = 200;

/** The keys that fail most often, over all replicas: each counts what it hears of, and tells the others every two seconds. */
export class FailingKeysWatch implements Component {
  readonly #deps: Deps;
  readonly #window: FailureWindow;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#window = new FailureWindow(deps.clock.now());
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer === null) return;
    this.#timer.cancel();
    await this.#tell();
  }

  /** A message that is its own unit is never hot. */
  add({ unit, partition }: { readonly unit: Unit; readonly partition: number }): void {
    if (keyOf(unit) === null) return;
    this.#window.add(keyName(unit, partition), this.#deps.clock.now());
    if (this.#timer !== null || this.#stopped) return;
    this.#timer = this.#deps.clock.after(
      INTERVAL,
      () => {
        this.#timer = null;
        void this.#tell();
      },
      { unref: true },
    );
  }

  /** @throws UNAVAILABLE */
  async read(limit: number): Promise<FailingKeys> {
    const { board, replica, clock } = this.#deps;
    const now = clock.now();
    const own = this.#window.read(now, KEPT);
    const windows = [own];
    for (const [other, told] of await board.all()) {
      const window = readTold(told);
      // What another one counted too long ago is no part of the window.
      if (other !== replica && now - window.at < SPAN) windows.push(window);
    }
    const { keys, ...bounds } = cut(merged(windows.map(({ sketch }) => sketch)), limit);
    const since = Math.min(...windows.map((window) => window.since));
    return { since, ...bounds, keys: keys.map(failingKeyOf) };
  }

  /** A statistic: what Redis does not take now it hears with the next one. */
  async #tell(): Promise<void> {
    const { board, replica, clock } = this.#deps;
    const { since, sketch } = this.#window.read(clock.now(), KEPT);
    await board.put(replica, pack(clock.now(), since, sketch)).catch(() => undefined);
  }
}

function failingKeyOf({ key, count, error }: Counted): FailingKey {
  return { ...namedKey(key), count, error };
}

function pack(at: number, since: number, { total, othersAtMost, keys }: Sketch): Buffer {
  const counted = keys.map(({ key, count, error }) => [Buffer.from(key, 'latin1'), count, error]);
  return Buffer.from(encode([at, since, total, othersAtMost, counted]));
}

function readTold(told: Buffer): { at: number; since: number; sketch: Sketch } {
  const [at, since, total, othersAtMost, counted] = decode(told) as Told;
  const keys = counted.map(([key, count, error]) => ({
    key: Buffer.from(key).toString('latin1'),
    ...{ count, error },
  }));
  return { at, since, sketch: { keys, total, othersAtMost } };
}
