import type { DeadLetter, DeadLetterSource } from '../dead-letters/dead-letter.ts';
import { matches } from '../dead-letters/filter.ts';

/** Which dead letters a redrive takes, as it is kept and shown. */
export type Selection =
  | { readonly kind: 'positions'; readonly count: number }
  | { readonly kind: 'filter'; readonly filter: FilterFields }
  | { readonly kind: 'all' };

/** A filter of the listing of dead letters, as JSON holds it. Times in epoch ms. */
export interface FilterFields {
  readonly keyBase64?: string;
  readonly reason?: string;
  readonly errorClass?: string;
  readonly error?: string;
  readonly from?: number;
  readonly to?: number;
  readonly source?: DeadLetterSource;
  readonly partition?: number;
}

/** Whether a dead letter is meant. Positions are looked up by their offsets. */
export function fitsOf(selection: Selection): (letter: DeadLetter) => boolean {
  if (selection.kind !== 'filter') return () => true;
  const { keyBase64, ...fields } = selection.filter;
  const key = keyBase64 === undefined ? {} : { key: Buffer.from(keyBase64, 'base64') };
  return (letter) => matches(letter, { ...fields, ...key });
}
