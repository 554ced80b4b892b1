import { capped } from '../domain/capped.ts';

/** Of a shape, in bytes of UTF-8. */
const SHAPE_LIMIT = 240;
/** Nothing behind it is looked at: errors are no longer than that in headers. */
const LOOKED_AT = 1_024;

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const QUOTED = /(["'`])[^\s"'`]{1,128}\1/g;
const WORD = /[0-9a-z_]+/gi;
const NUMBERS = /<n>(?:[.,:]<n>)+/g;

/**
 * What a message has in common with others of its kind: numbers, UUIDs, hexadecimal and quoted ids are masked. Every expression
 * looks at each character a bounded number of times.
 */
export function shapeOf(message: string): string {
  const masked = message
    .slice(0, LOOKED_AT)
    .replaceAll(UUID, '<uuid>')
    .replaceAll(QUOTED, '$1<id>$1')
    .replaceAll(WORD, maskWord)
    .replaceAll(NUMBERS, '<n>');
  return capped(masked, SHAPE_LIMIT);
}

function maskWord(word: string): string {
  if (!/\d/.test(word)) return word;
  if (/^\d+$/.test(word)) return '<n>';
  if (/^(0x[0-9a-f]+|[0-9a-f]{8,})$/i.test(word)) return '<hex>';
  return word.length >= 16 ? '<id>' : word.replaceAll(/\d+/g, '<n>');
}
