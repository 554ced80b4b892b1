/**
 * Where offsets are missing in what the client hands out. It has been seen to skip records (docs/adr/0007), so a gap is
 * read again, once. What is not there the second time is not for readers: control records, or what retention removed.
 */
export class Gaps {
  /** By partition: where it was read again last. */
  readonly #readAgainFrom = new Map<number, number>();
  #open = new Set<number>();

  /** What follows is not to be taken: the offsets from `next` on are missing, and are read again first. */
  found(partition: number, next: number): boolean {
    if (this.#readAgainFrom.get(partition) === next) return this.#open.has(partition);
    this.#readAgainFrom.set(partition, next);
    this.#open.add(partition);
    return true;
  }

  /** Whether there are some to be read again; from now on they have been. */
  takeOpen(): boolean {
    const any = this.#open.size > 0;
    this.#open = new Set();
    return any;
  }

  /** All partitions are read from other places. */
  forget(): void {
    this.#readAgainFrom.clear();
    this.#open = new Set();
  }
}
