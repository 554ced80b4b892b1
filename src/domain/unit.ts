import type { KafkaRecord } from './record.ts';

/**
 * What has an order of its own. A key is one: `k` + its bytes. Without a key, or without ordering, each message is its
 * own: `n` + origin offset, or `m` + retry-topic offset where the origin is foreign.
 */
export type Unit = Buffer;

export type Ordering = 'key' | 'none';

export function keyUnit(key: Buffer): Unit {
  const unit = Buffer.allocUnsafe(key.length + 1);
  unit[0] = 0x6b;
  key.copy(unit, 1);
  return unit;
}

export function originUnit(originOffset: number): Unit {
  return Buffer.from(`n${String(originOffset)}`);
}

export function foreignUnit(retryOffset: number): Unit {
  return Buffer.from(`m${String(retryOffset)}`);
}

/** The key of a unit; null for a message that is its own unit. */
export function keyOf(unit: Unit): Buffer | null {
  return unit[0] === 0x6b ? unit.subarray(1) : null;
}

/** The unit of a fresh record as the gate speaks of it. */
export function freshUnit(key: Buffer | null, originOffset: number): Unit {
  return key === null ? originUnit(originOffset) : keyUnit(key);
}

/** The unit of a retry record. `origin` is its offset in the main partition, or null where it is foreign. */
export function retryUnit(
  record: Pick<KafkaRecord, 'key'>,
  ordering: Ordering,
  origin: number | null,
  retryOffset: number,
): Unit {
  if (ordering === 'key' && record.key !== null) return keyUnit(record.key);
  return origin === null ? foreignUnit(retryOffset) : originUnit(origin);
}
