import type { KeyFields } from '../../../domain/key-fields.ts';
import { foreignUnit, keyUnit, originUnit } from '../../../domain/unit.ts';
import type { Unit } from '../../../domain/unit.ts';
import { base64, invalid, keyOfFields } from '../../keys.ts';

/** What a request names: a key, or one message without one. */
export interface UnitFields extends KeyFields {
  readonly origin?: number;
  readonly retryOffset?: number;
  readonly partition?: number;
}

/** @throws INVALID */
export function unitInPath(text: string, encoding: 'utf8' | 'base64' = 'utf8'): Unit {
  const key = encoding === 'base64' ? base64(text) : Buffer.from(text, 'utf8');
  if (key === null) throw invalid('the key in the path is not base64');
  return keyUnit(key);
}

/** @throws INVALID */
export function unitInBody(body: UnitFields): Unit {
  const key = keyOfFields(body);
  const { origin, retryOffset, partition } = body;
  if ([key ?? undefined, origin, retryOffset].filter((each) => each !== undefined).length !== 1) {
    throw invalid('give one of key, keyBase64 and origin');
  }
  if (key !== null) return keyUnit(key);
  if (partition === undefined) throw invalid('partition is missing: offsets mean nothing without it');
  return origin === undefined ? foreignUnit(retryOffset ?? 0) : originUnit(origin);
}
