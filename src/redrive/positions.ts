import type { Position } from '../dead-letters/dead-letter.ts';
import type { OffsetRange } from '../dead-letters/marker.ts';
import { rangesOf } from '../dead-letters/marker.ts';

/** A set of places in the dead-letter topic. */
export class Positions {
  readonly #offsets = new Map<number, Set<number>>();

  static of(ranges: Readonly<Record<string, readonly OffsetRange[]>>): Positions {
    const positions = new Positions();
    for (const [partition, list] of Object.entries(ranges)) {
      for (const [from, to] of list) {
        for (let offset = from; offset <= to; offset++)
          positions.add({ partition: Number(partition), offset });
      }
    }
    return positions;
  }

  has({ partition, offset }: Position): boolean {
    return this.#offsets.get(partition)?.has(offset) === true;
  }

  add({ partition, offset }: Position): void {
    const known = this.#offsets.get(partition);
    if (known) known.add(offset);
    else this.#offsets.set(partition, new Set([offset]));
  }

  delete({ partition, offset }: Position): void {
    const known = this.#offsets.get(partition);
    if (known?.delete(offset) === true && known.size === 0) this.#offsets.delete(partition);
  }

  byPartition(): [partition: number, offsets: number[]][] {
    return [...this.#offsets].map(([partition, offsets]) => [partition, [...offsets]]);
  }

  list(): Position[] {
    return this.byPartition().flatMap(([partition, offsets]) =>
      offsets.map((offset) => ({ partition, offset })),
    );
  }

  ranges(): Record<string, readonly OffsetRange[]> {
    return Object.fromEntries(
      this.byPartition().map(([partition, offsets]) => [String(partition), rangesOf(offsets)]),
    );
  }
}
