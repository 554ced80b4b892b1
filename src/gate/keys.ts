import { isUtf8 } from 'node:buffer';

/** A key in JSON: text where it is valid UTF-8, else base64, nothing for the null key. */
export interface WireKey {
  key?: string;
  keyBase64?: string;
}

/** A key's bytes as a string of one character a byte: exact, and cheap to build and to compare. */
export type KeyId = string;

export type RecordKey = Buffer | string | null | undefined;

export function keyId(key: Buffer | string): KeyId {
  return typeof key === 'string' ? Buffer.from(key, 'utf8').toString('latin1') : key.toString('latin1');
}

export function toWireKey(key: RecordKey): WireKey {
  if (key === null || key === undefined) return {};
  const bytes = typeof key === 'string' ? Buffer.from(key, 'utf8') : key;
  return isUtf8(bytes) ? { key: bytes.toString('utf8') } : { keyBase64: bytes.toString('base64') };
}

/** The id of a key that came over the wire; `undefined` for the null key. */
export function wireKeyId(key: WireKey): KeyId | undefined {
  if (key.keyBase64 !== undefined) return Buffer.from(key.keyBase64, 'base64').toString('latin1');
  return key.key === undefined ? undefined : keyId(key.key);
}
