import { createHash } from 'node:crypto';
import type { Unit } from '../domain/unit.ts';

/** Where the answer to a call with an Idempotency-Key is kept. */
export interface DeedName {
  /** Of the hash in Redis. A call for 100,000 keys spreads over many: a large one would hold Redis up when it expires. */
  readonly name: string;
  readonly field: Buffer;
}

export function deedOf(idempotencyKey: string, unit: Unit, action: string): DeedName {
  const field = createHash('sha256').update(action).update('\0').update(unit).digest().subarray(0, 16);
  return { name: `${sha256(idempotencyKey)}:${field.toString('hex', 0, 1)}`, field };
}

/** A caller's text in a name of Redis: of one length, and not to be read. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
