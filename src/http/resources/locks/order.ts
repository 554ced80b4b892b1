import type { LockSummary } from '../../../penalty-box/operator-box.ts';
import { base64, invalid } from '../../keys.ts';

export type Sort = 'age' | 'held' | 'attempt';

/** Where a lock stands in a listing: the smaller value first; partition and unit make it one certain place. */
export interface Position {
  readonly value: number;
  readonly partition: number;
  readonly unit: Buffer;
}

/** The oldest, the most messages, or the most attempts first. */
export function valueOf(lock: LockSummary, sort: Sort): number {
  switch (sort) {
    case 'age':
      return lock.since;
    case 'held':
      return -lock.held;
    case 'attempt':
      return -lock.attempt;
  }
}

export function comparePositions(a: Position, b: Position): number {
  return a.value - b.value || a.partition - b.partition || Buffer.compare(a.unit, b.unit);
}

/** The place of a page's last lock, as opaque text. It stays good whatever becomes of that lock. */
export function formatCursor(sort: Sort, { value, partition, unit }: Position): string {
  const fields = [sort, value, partition, unit.toString('base64')];
  return Buffer.from(JSON.stringify(fields), 'utf8').toString('base64url');
}

/** @throws INVALID for anything that no page gave, or one of another order. */
export function parseCursor(text: string, sort: Sort): Position {
  const fields = fieldsOf(text);
  if (fields === null) throw invalid('cursor is none that a page gave');
  const [given, value, partition, unit] = fields;
  if (given !== sort) throw invalid('cursor belongs to a listing with another sort');
  return { value, partition, unit };
}

function fieldsOf(text: string): [sort: unknown, value: number, partition: number, unit: Buffer] | null {
  let fields: unknown;
  try {
    fields = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  if (!Array.isArray(fields)) return null;
  const [sort, value, partition, encoded] = fields as unknown[];
  const unit = typeof encoded === 'string' ? base64(encoded) : null;
  if (typeof value !== 'number' || typeof partition !== 'number' || unit === null) return null;
  return [sort, value, partition, unit];
}
