import type { Clock } from '../clock.ts';
import type { RedriveStore } from './redrive-store.ts';

interface Deps {
  readonly store: Pick<RedriveStore, 'lease' | 'release'>;
  /** Of this process alone. */
  readonly holder: string;
  readonly clock: Clock;
}

/** How long the lease lasts after it was renewed, ms. */
const LENGTH = 10_000;
/**
 * What is sent is in Kafka or given up by the producer after this (ms): its `message.timeout.ms`. So nothing is sent when
 * less than this is left of the lease: who takes over finds all of it in the retry topic.
 */
export const SEND_TIMEOUT = 5_000;
const MARGIN = 500;

/** Only who has the lease runs the redrives of a route. */
export class Lease {
  readonly #deps: Deps;
  #epoch: string | null = null;
  #sendUntil = -Infinity;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get epoch(): string | null {
    return this.#epoch;
  }

  /** What is sent now under this epoch will have its end before anybody else may have the lease. */
  maySend(epoch: string): boolean {
    return epoch === this.#epoch && this.#deps.clock.monotonic() < this.#sendUntil;
  }

  /** Takes or renews it. False: another replica has it. Rejects where Redis does not answer. */
  async hold(): Promise<boolean> {
    const { store, holder, clock } = this.#deps;
    const begun = clock.monotonic();
    const epoch = await store.lease(holder, LENGTH);
    // Lost and taken again, it has another number: whoever began under the one before has to begin anew.
    this.#epoch = epoch;
    this.#sendUntil = begun + LENGTH - SEND_TIMEOUT - MARGIN;
    return epoch !== null;
  }

  /** Nothing may be on its way any more. */
  async giveBack(): Promise<void> {
    const epoch = this.#epoch;
    this.#epoch = null;
    this.#sendUntil = -Infinity;
    if (epoch !== null) await this.#deps.store.release(epoch);
  }
}
