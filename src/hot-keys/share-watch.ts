import type { Clock, Timer } from '../clock.ts';
import type { Component } from '../component.ts';
import type { HeldKeys } from './held-keys.ts';

interface Deps {
  readonly partitions: () => readonly number[];
  readonly read: (partitions: readonly number[]) => Promise<HeldKeys>;
  readonly onShare: (share: number) => void;
  readonly clock: Clock;
}

/** ms; and where it takes long, so many times as long as it took. */
const INTERVAL = 10_000;
const REST = 50;

/** Measures which share of the held messages belongs to the hottest key, of the shards that this replica owns. */
export class ShareWatch implements Component {
  readonly #deps: Deps;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    this.#schedule(INTERVAL);
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    return Promise.resolve();
  }

  #schedule(wait: number): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.clock.after(wait, () => void this.#look(), { unref: true });
  }

  async #look(): Promise<void> {
    const { partitions, read, onShare, clock } = this.#deps;
    const begun = clock.monotonic();
    const mine = partitions();
    onShare(mine.length === 0 ? 0 : shareOfHottest(await read(mine)));
    this.#schedule(Math.max(INTERVAL, REST * (clock.monotonic() - begun)));
  }
}

/** Of all held messages, from 0 to 1. */
export function shareOfHottest({ keys, total }: Pick<HeldKeys, 'keys' | 'total'>): number {
  return total === 0 ? 0 : (keys[0]?.held ?? 0) / total;
}
