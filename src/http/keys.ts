import type { KeyFields } from '../domain/key-fields.ts';
import { OrchestratorError } from '../errors.ts';

/** The bytes of a key; null where it has none. `path` names the object that holds it, for the refusal. */
export function keyOfFields({ key, keyBase64 }: KeyFields, path: () => string = () => ''): Buffer | null {
  if (key !== undefined && keyBase64 !== undefined) {
    throw invalid(`${path()}key and keyBase64 are both there; give one`);
  }
  if (key !== undefined) {
    // Half a character has no bytes: two such keys would become one.
    if (LONE_SURROGATE.test(key)) throw invalid(`${path()}key is not valid Unicode; use keyBase64`);
    return Buffer.from(key, 'utf8');
  }
  if (keyBase64 === undefined) return null;
  const bytes = base64(keyBase64);
  if (bytes === null) throw invalid(`${path()}keyBase64 is not base64`);
  return bytes;
}

const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Both alphabets, with or without padding; null for anything else, which Node would read as far as it can. */
export function base64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  const canonical = bytes.toString('base64');
  if (text === canonical) return bytes;
  const given = text.replaceAll('-', '+').replaceAll('_', '/');
  return given === canonical || given === canonical.replace(/=+$/, '') ? bytes : null;
}

export function invalid(message: string): OrchestratorError {
  return new OrchestratorError('INVALID', message);
}
