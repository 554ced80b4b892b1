import type { GivenHeaders } from './contract.ts';
import type { DescribedError } from './describe-error.ts';
import { toWireKey, type WireKey } from './keys.ts';
import type { GateRecord } from './record.ts';

/** A record that this consumer was told to redirect and Kafka has not acknowledged yet. */
export interface OutstandingEntry extends WireKey {
  offset: number;
  attempt: number;
  error?: { class: string; message: string; fatal?: true };
}

/**
 * What a claim re-announces, so that a Redis which lost its state knows again which keys are locked. An entry is added
 * in the same turn in which the answer is read: a claim that is sent a moment later must carry it.
 */
export class Outstanding {
  readonly #entries = new Map<number, { entry: OutstandingEntry; headers: GivenHeaders }>();

  add(record: GateRecord, headers: GivenHeaders, error: DescribedError | undefined): void {
    const { key, offset } = record;
    const entry: OutstandingEntry = { ...toWireKey(key), offset, attempt: attemptIn(headers) };
    const known = error ?? this.#entries.get(offset)?.entry.error;
    if (known !== undefined) {
      entry.error = { class: known.class, message: known.message, ...(known.fatal && { fatal: true }) };
    }
    this.#entries.set(offset, { entry, headers });
  }

  /** What it is to be published with, where that was said. */
  headersOf(offset: number): GivenHeaders | undefined {
    return this.#entries.get(offset)?.headers;
  }

  /** Kafka has it, or the service has decided otherwise. */
  settle(offset: number): void {
    this.#entries.delete(offset);
  }

  /** In offset order, as the service wants a key's records. */
  list(): OutstandingEntry[] {
    return [...this.#entries.values()].map(({ entry }) => entry).sort((a, b) => a.offset - b.offset);
  }

  get size(): number {
    return this.#entries.size;
  }
}

function attemptIn(headers: GivenHeaders): number {
  const attempt = Number(headers['x-retry-attempt'] ?? 0);
  return Number.isSafeInteger(attempt) && attempt >= 0 ? attempt : 0;
}
