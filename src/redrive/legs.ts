import type { Position } from '../dead-letters/dead-letter.ts';

/** Offsets of one partition that are read in one go: from the first on, up to and without the last. */
export interface Leg {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** So many records are rather read and passed over than left out by asking Kafka for the next place. */
const WORTH_READING = 1_000;

/** What is left to be read of all partitions: `from`, `cutoff` by partition. */
export function legsUpTo(cutoff: readonly number[], from: readonly number[]): Leg[] {
  return cutoff
    .map((to, partition) => ({ partition, from: from[partition] ?? 0, to }))
    .filter((leg) => leg.from < leg.to);
}

/** What is left to be read for single positions, those of a partition in order. Pure. */
export function legsOf(positions: readonly Position[], cursors: readonly number[]): Leg[] {
  const legs: { partition: number; from: number; to: number }[] = [];
  for (const { partition, offset } of inOrder(positions)) {
    if (offset < (cursors[partition] ?? 0)) continue;
    const last = legs.at(-1);
    if (last?.partition === partition && offset < last.to + WORTH_READING)
      last.to = Math.max(last.to, offset + 1);
    else legs.push({ partition, from: offset, to: offset + 1 });
  }
  return legs;
}

function inOrder(positions: readonly Position[]): Position[] {
  return [...positions].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
