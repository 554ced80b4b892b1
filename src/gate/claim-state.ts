import type { ClaimAnswer, RenewalAnswer } from './contract.ts';
import type { OnEvent } from './events.ts';
import { KeyList } from './key-list.ts';
import { Outstanding } from './outstanding.ts';
import type { ClaimTicket } from './service.ts';

export type ClaimEnd = 'wait' | 'fenced' | 'claim-again';

/**
 * The claim on one partition, and what is known under it.
 *
 *     starting ──claim──▶ held ──wait, claim-again──▶ stale ──claim──▶ held
 *                          │                            │
 *                          ├──fenced──▶ fenced ◀──ownership unproven
 *                          │               └──claim──▶ held
 *                          └──no answer for `patience`, also when stale──▶ alone ──claim──▶ held
 *
 * `stale`: the service lost its place, we did not lose ours. Only we could have locked further keys, so records of keys
 * that are not listed go on; whatever needs an answer waits for the next claim. `fenced`: somebody else may be the owner
 * now, and may have locked keys. Nothing goes on. `alone`: we are the claimant as far as we know, and nobody answers;
 * what needs an answer gets it here (`going-alone.ts`).
 */
export class ClaimState {
  readonly partition: number;
  readonly keys = new KeyList();
  readonly outstanding = new Outstanding();
  /** Called when a claim ends, or nobody answers under it any more: what was answered under it is void. */
  ended: () => void = () => undefined;
  readonly #emit: OnEvent;
  #phase: 'starting' | 'held' | 'stale' | 'alone' | 'fenced' | 'closed' = 'starting';
  #ticket: ClaimTicket | undefined;
  #seen: unknown;
  #number = 0;

  constructor(partition: number, emit: OnEvent) {
    this.partition = partition;
    this.#emit = emit;
  }

  get held(): boolean {
    return this.#phase === 'held';
  }

  /** Whether records that need no answer may be handled. */
  get flowing(): boolean {
    return this.#phase === 'held' || this.#phase === 'stale' || this.#phase === 'alone';
  }

  get alone(): boolean {
    return this.#phase === 'alone';
  }

  /** Whether verdicts of the present number can hold: those of a claim, or those given while alone. */
  get decisive(): boolean {
    return this.#phase === 'held' || this.#phase === 'alone';
  }

  /** The last claim's names, whatever became of it; `undefined` before the first. */
  get ticket(): ClaimTicket | undefined {
    return this.#ticket;
  }

  get seen(): unknown {
    return this.#seen;
  }

  /** Changes whenever a claim begins or ends. A verdict holds only while this is what it was. */
  get number(): number {
    return this.#number;
  }

  adopt(claim: ClaimAnswer): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'held';
    this.#number += 1;
    this.#ticket = { claimEpoch: claim.claimEpoch, incarnation: claim.incarnation };
    this.#seen = claim.seen;
    this.keys.replace(claim);
    // What waits for its acknowledgement is locked, whatever the list says.
    for (const entry of this.outstanding.list()) this.keys.addWire(entry);
    this.#emit({
      type: 'claimed',
      partition: this.partition,
      listedKeys: this.keys.size,
      complete: claim.complete,
    });
  }

  /** Nobody answers. False: there was no claim to go on with, or somebody else may have one. */
  goAlone(): boolean {
    if (this.#phase !== 'held' && this.#phase !== 'stale') return false;
    this.#phase = 'alone';
    this.#number += 1;
    this.ended();
    return true;
  }

  end(reason: ClaimEnd): void {
    if (reason === 'fenced' && this.#phase === 'stale') this.#phase = 'fenced';
    if (this.#phase !== 'held' && !(reason === 'fenced' && this.#phase === 'alone')) return;
    this.#phase = reason === 'fenced' ? 'fenced' : 'stale';
    this.#number += 1;
    this.#emit({ type: 'claim-ended', partition: this.partition, reason });
    this.ended();
  }

  /** What was locked and unlocked otherwise than by this claimant's calls. */
  renewed(answer: RenewalAnswer): void {
    this.#seen = answer.seen;
    for (const key of answer.unlockedKeys) this.keys.removeWire(key);
    for (const key of answer.lockedKeys) this.keys.addWire(key);
  }

  close(): void {
    this.#phase = 'closed';
    this.#number += 1;
  }
}
