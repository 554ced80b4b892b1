import type { Meta } from './index-scripts.ts';

/** How far the index has come. */
export interface IndexState {
  /** Dead letters that nobody has settled; null while the index is being read anew. */
  readonly open: number | null;
  /** The same in detail: there are rows of no more than the limit. */
  readonly openRows: number;
  /** Rows of settled ones were left out for the limit. */
  readonly pastEvicted: boolean;
  readonly partitions: readonly PartitionState[];
}

export interface PartitionState {
  readonly partition: number;
  /** The next offset to be read. */
  readonly cursor: number;
  /** It has been read to the end that was there when the reading began. */
  readonly restored: boolean;
}

/** Reads the fields of `meta` (lua/shared/index.lua). Pure. */
export function readState({ fields, runId, openRows }: Meta): IndexState {
  const ours = fields['incarnation']?.startsWith(`${runId}:`) === true;
  if (!ours) return { open: null, openRows: 0, pastEvicted: false, partitions: [] };
  const partitions: PartitionState[] = [];
  let restored = true;
  for (let partition = 0; partition < Number(fields['partitions'] ?? 0); partition++) {
    const cursor = fields[`c${String(partition)}`];
    const here = cursor !== undefined && Number(cursor) >= Number(fields[`t${String(partition)}`]);
    restored &&= here;
    if (cursor !== undefined) partitions.push({ partition, cursor: Number(cursor), restored: here });
  }
  return {
    open: restored ? Number(fields['open'] ?? 0) : null,
    openRows,
    pastEvicted: fields['pastEvicted'] === '1',
    partitions,
  };
}
