/** When old records are appended anew. */
export interface CarryPolicy {
  /** ms. */
  readonly age: number;
  /** Retry records between the oldest unresolved one and the end. */
  readonly distance: number;
}

/** Where a shard stands, in offsets of its retry partition. */
export interface Standing {
  readonly checkpoint: number;
  readonly end: number;
  /** Messages in the box. */
  readonly held: number;
  /** The first record that is younger than the age, and than half of it; null: not asked. */
  readonly aged: { readonly whole: number; readonly half: number } | null;
  /** What lay before this offset was carried the last time. */
  readonly carriedBefore: number;
}

/**
 * The retry offset before which records are to be appended anew, or null. Pure.
 *
 * It goes to half of what is allowed, so that not every message takes its own walk through the box. A box that holds more
 * than the distance is left in peace until it is a quarter of what lies there: else its own copies would push it on for ever.
 */
export function lagging(
  { checkpoint, end, held, aged, carriedBefore }: Standing,
  { distance }: CarryPolicy,
): number | null {
  if (aged !== null && checkpoint < aged.whole) return aged.half;
  const allowed = Math.max(distance, 4 * held);
  if (end - checkpoint <= allowed) return null;
  const before = end - Math.floor(allowed / 2);
  // Something else holds the checkpoint: a record that is resolved, and not committed past by its group.
  if (checkpoint < carriedBefore && before < carriedBefore + distance / 4) return null;
  return before;
}
