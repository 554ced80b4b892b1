import type { OwnerReply } from '../penalty-box/owner-box.ts';

/** What it needs of a shard. Offsets of the retry partition. */
export interface StoppableShard {
  readonly partition: number;
  /** Redis holds all of it. Until then it has to be read. */
  readonly restored: boolean;
  readonly cursor: number;
  /** Its end, as it was observed last. */
  readonly end: number;
  readonly box: {
    readonly ownerEpoch: string;
    behind(is: boolean, nonce: string): Promise<OwnerReply<number>>;
  };
}

interface Deps {
  readonly pause: () => void;
  readonly resume: () => void;
  readonly nonce: () => string;
}

const SETTLED = 2;
/** Caught up, as good as: what comes meanwhile is read before anybody asks again. */
const NEARLY = 1_000;

/**
 * Stops the reading of one shard, and lets it go on. Looked at once a second, also while nothing is to change.
 *
 *   reading → closing (behind; what was announced before is still read: that takes no room) → stopped → catching up → reading
 *
 * A replica that has just taken the shard over does not know whether it is behind: it says so in any case.
 */
export class Standstill {
  readonly #shard: StoppableShard;
  readonly #deps: Deps;
  #behind: boolean | null = null;
  /** Under which all of this was told. */
  #ownerEpoch = '';
  /** Looks since it was told that it is behind. */
  #looks = 0;
  /** Announced records lie before it. */
  #announcedTo: number | null = null;
  #paused = false;

  constructor(shard: StoppableShard, deps: Deps) {
    this.#shard = shard;
    this.#deps = deps;
  }

  /** What comes now was not announced, and takes room. */
  get behind(): boolean {
    return this.#behind === true;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** The client was told to read on from somewhere, which ends a pause. */
  onSought(): void {
    if (this.#paused) this.#deps.pause();
  }

  /** Rejects where Redis does not answer. */
  async look(stop: boolean): Promise<void> {
    const { restored, box } = this.#shard;
    if (!restored || box.ownerEpoch !== this.#ownerEpoch) this.#beginAnew();
    if (!restored) return;
    await (stop ? this.#stop() : this.#goOn());
  }

  async #stop(): Promise<void> {
    if (this.#paused) return;
    const { cursor, end } = this.#shard;
    const before = this.#behind === true;
    const announced = await this.#tell(true);
    if (announced === null) return;
    this.#looks = before ? this.#looks + 1 : 0;
    // Observed after it was told, and when most of what had been announced was published.
    if (this.#looks >= SETTLED) this.#announcedTo ??= end;
    // A storm that nobody announced is not read to its end: there may be no room for it.
    const isRead = announced === 0 || (this.#announcedTo !== null && cursor >= this.#announcedTo);
    if (!isRead) return;
    this.#paused = true;
    this.#deps.pause();
  }

  /** The shard was taken over: it is being read, and nothing is known of it. */
  #beginAnew(): void {
    this.#ownerEpoch = this.#shard.box.ownerEpoch;
    this.#behind = null;
    this.#announcedTo = null;
    this.#go();
  }

  async #goOn(): Promise<void> {
    this.#go();
    const { cursor, end } = this.#shard;
    if (this.#behind === false || end - cursor > NEARLY) return;
    if ((await this.#tell(false)) !== null) this.#announcedTo = null;
  }

  #go(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#deps.resume();
  }

  /** How many announced records have not been read; null: another one is the owner by now. */
  async #tell(behind: boolean): Promise<number | null> {
    const reply = await this.#shard.box.behind(behind, this.#deps.nonce());
    if (reply.kind !== 'ok') return null;
    this.#behind = behind;
    return reply.value;
  }
}
