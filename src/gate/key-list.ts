import { keyId, wireKeyId, type KeyId, type RecordKey, type WireKey } from './keys.ts';

/**
 * The keys of one partition about which the service has to be asked.
 *
 * A key gets on it by the claim, by a failure of this consumer, and by renewals; it gets off by `process` for a fresh
 * record of it, and by renewals. Null keys cannot be listed: for them there is the highest origin that may be known.
 */
export class KeyList {
  #ids = new Set<KeyId>();
  #nullKeyUpTo = -1;
  /** `false`: the service has more than fits on a list, so every key counts as listed. */
  #complete = true;

  /** Takes the list of a claim in place of what was known. `nullKeyUpTo` only rises: asking once more is harmless. */
  replace(list: { lockedKeys: readonly WireKey[]; complete: boolean; nullKeyUpTo: number }): void {
    this.#ids = new Set();
    this.#complete = list.complete;
    this.#nullKeyUpTo = Math.max(this.#nullKeyUpTo, list.nullKeyUpTo);
    for (const key of list.lockedKeys) this.addWire(key);
  }

  /** Whether a fresh record with this key and offset must be asked about. */
  mustAsk(key: RecordKey, offset: number): boolean {
    if (!this.#complete) return true;
    if (key === null || key === undefined) return offset <= this.#nullKeyUpTo;
    return this.#ids.size !== 0 && this.#ids.has(keyId(key));
  }

  /** The same for a key that came off the wire: `undefined` is the null key. */
  lists(id: KeyId | undefined, offset: number): boolean {
    if (!this.#complete) return true;
    return id === undefined ? offset <= this.#nullKeyUpTo : this.#ids.has(id);
  }

  add(key: RecordKey, offset: number): void {
    if (key === null || key === undefined) this.#nullKeyUpTo = Math.max(this.#nullKeyUpTo, offset);
    else this.#ids.add(keyId(key));
  }

  remove(key: RecordKey): void {
    if (key !== null && key !== undefined) this.#ids.delete(keyId(key));
  }

  addWire(key: WireKey): void {
    const id = wireKeyId(key);
    if (id !== undefined) this.#ids.add(id);
  }

  removeWire(key: WireKey): void {
    const id = wireKeyId(key);
    if (id !== undefined) this.#ids.delete(id);
  }

  get size(): number {
    return this.#ids.size;
  }

  get complete(): boolean {
    return this.#complete;
  }
}
