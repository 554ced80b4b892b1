import type { DescribedError } from './describe-error.ts';
import { toWireKey, type WireKey } from './keys.ts';
import type { GateRecord } from './record.ts';

/** A record that this consumer was told to redirect and Kafka has not acknowledged yet. */
export interface OutstandingEntry extends WireKey {
  offset: number;
  attempt: number;
  error?: { class: string; message: string };
}

/**
 * What a claim re-announces, so that a Redis which lost its state knows again which keys are locked. An entry is added
 * in the same turn in which the answer is read: a claim that is sent a moment later must carry it.
 */
export class Outstanding {
  readonly #entries = new Map<number, OutstandingEntry>();

  add(record: GateRecord, attempt: number, error: DescribedError | undefined): void {
    const entry: OutstandingEntry = { ...toWireKey(record.key), offset: record.offset, attempt };
    const known = error ?? this.#entries.get(record.offset)?.error;
    if (known !== undefined) entry.error = { class: known.class, message: known.message };
    this.#entries.set(record.offset, entry);
  }

  /** Kafka has it, or the service has decided otherwise. */
  settle(offset: number): void {
    this.#entries.delete(offset);
  }

  /** In offset order, as the service wants a key's records. */
  list(): OutstandingEntry[] {
    return [...this.#entries.values()].sort((a, b) => a.offset - b.offset);
  }

  get size(): number {
    return this.#entries.size;
  }
}
