import type { Place } from './place.ts';

/**
 * Names one entry of a key by its place, and by a nonce one release of it: `<place hex>.<nonce>`. Applications and other
 * tools treat it as opaque text.
 */
export interface DeliveryToken {
  readonly place: Place;
  readonly nonce: string;
}

export function formatToken(token: DeliveryToken): string {
  return `${token.place.toString('hex')}.${token.nonce}`;
}

/** Null for text that this service never wrote. */
export function parseToken(text: string): DeliveryToken | null {
  const match = /^([0-9a-f]{16}|[0-9a-f]{32})\.([A-Za-z0-9_-]{1,64})$/.exec(text);
  if (!match?.[1] || !match[2]) return null;
  return { place: Buffer.from(match[1], 'hex'), nonce: match[2] };
}
