import type { OutgoingHeader } from '../domain/record.ts';

/** A record to be written. `partition: null` = by its key, as Java's default does. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly partition: number | null;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly OutgoingHeader[];
}

/** What became of a send: written at an offset; refused for good; or nobody knows, and it may be written or not. */
export type SendResult =
  | { readonly kind: 'written'; readonly offset: number }
  | { readonly kind: 'too-large'; readonly error: Error }
  | { readonly kind: 'unknown'; readonly error: Error };
