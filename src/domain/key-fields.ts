import { isUtf8 } from 'node:buffer';
import { keyOf } from './unit.ts';
import type { Unit } from './unit.ts';

/** A key in JSON: text, base64 where its bytes are no UTF-8, neither for the null key. */
export interface KeyFields {
  readonly key?: string;
  readonly keyBase64?: string;
}

/** The key as JSON gives it. */
export function keyFields(key: Buffer | null): KeyFields {
  if (key === null) return {};
  return isUtf8(key) ? { key: key.toString('utf8') } : { keyBase64: key.toString('base64') };
}

/** A message without a key is named by its origin, or by where it lies in the retry topic if that is foreign. */
export function unitFields(unit: Unit): KeyFields & { origin?: number; retryOffset?: number } {
  const key = keyOf(unit);
  if (key !== null) return keyFields(key);
  const offset = Number(unit.toString('latin1', 1));
  return unit[0] === 0x6d ? { retryOffset: offset } : { origin: offset };
}
