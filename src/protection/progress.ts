import type { Range } from '../kafka/offsets.ts';

/** How far the group has come in the main topic since it was asked before, and how far it has still to go. */
export class Progress {
  #before: ReadonlyMap<number, number> = new Map();

  /** Committed offsets and ranges by partition. */
  note(
    committed: ReadonlyMap<number, number>,
    ranges: ReadonlyMap<number, Range>,
  ): { readonly records: number; readonly lag: number } {
    let [records, lag] = [0, 0];
    for (const [partition, offset] of committed) {
      const before = this.#before.get(partition);
      // Offsets that were moved back are no progress.
      if (before !== undefined) records += Math.max(0, offset - before);
      lag += Math.max(0, (ranges.get(partition)?.end ?? offset) - offset);
    }
    this.#before = committed;
    return { records, lag };
  }
}
