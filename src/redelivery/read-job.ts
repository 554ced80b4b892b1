import type { Lease } from '../kafka/byte-budget.ts';
import type { Payload } from '../penalty-box/payload.ts';
import type { Content } from './content.ts';
import type { Passenger } from './unit-lanes.ts';

interface Deps {
  /** Null: nothing is to be read. */
  readonly read: (() => Promise<Content>) | null;
  /** What Redis has of it. */
  readonly payload: Payload;
  /** Something has changed; `isFront` tells whether it is its turn. */
  readonly onChange: () => void;
  readonly isFront: () => boolean;
  readonly publish: (payload: Payload, lease: Lease | null) => void;
  /** Kafka does not have it any more. True: it goes as it is; else its way is over. */
  readonly goesBare: () => boolean;
  readonly onDelayed: (error: unknown) => void;
  readonly onLeft: () => void;
}

/** A job whose headers or value are read before it is sent, or one behind such a job. */
export class ReadJob implements Passenger {
  readonly #deps: Deps;
  #content: { readonly payload: Payload; readonly lease: Lease | null } | null = null;
  #reading = false;
  #gone = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    if (deps.read === null) this.#content = { payload: deps.payload, lease: null };
    else void this.#read();
  }

  get state(): Passenger['state'] {
    if (this.#gone) return 'gone';
    return this.#content === null ? 'waiting' : 'ready';
  }

  go(): void {
    if (this.#content === null) return;
    const { payload, lease } = this.#content;
    this.#content = null;
    this.#gone = true;
    this.#deps.publish(payload, lease);
  }

  hurry(): void {
    if (!this.#reading) void this.#read();
  }

  leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#content?.lease?.end();
    this.#content = null;
    this.#deps.onLeft();
  }

  async #read(): Promise<void> {
    const { read, payload, isFront, goesBare, onDelayed, onChange } = this.#deps;
    if (read === null) return;
    this.#reading = true;
    try {
      const found = await read();
      if (this.#isGone()) {
        if (found.kind === 'whole') found.lease.end();
        return;
      }
      if (found.kind === 'gone') {
        if (goesBare()) this.#content = { payload, lease: null };
        else this.#gone = true;
      } else if (isFront() || found.lease.park()) {
        this.#content = found;
      } else {
        // Those before it need the room to be read at all: it is read again when it is its turn.
        found.lease.end();
      }
    } catch (error) {
      if (this.#isGone()) return;
      this.#gone = true;
      onDelayed(error);
    } finally {
      this.#reading = false;
    }
    if (isFront()) onChange();
  }

  #isGone(): boolean {
    return this.#gone;
  }
}
