import type { KeyedAnswer } from '../api/answers.ts';
import { plain } from './plain.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long, to about two digits: `40 s`, `12 min`, `3 h 20 min`, `5 d`. */
export function span(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 2 * MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < 2 * HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return withRest(ms, HOUR, 'h', MINUTE, 'min');
  return withRest(ms, DAY, 'd', HOUR, 'h');
}

function withRest(ms: number, unit: number, name: string, part: number, partName: string): string {
  const rest = Math.floor((ms % unit) / part);
  return `${Math.floor(ms / unit)} ${name}${rest === 0 ? '' : ` ${rest} ${partName}`}`;
}

/** A time as seen from now: `in 4 min`, `12 min ago`, `now`. */
export function seenFrom(now: number, at: number): string {
  const ms = at - now;
  if (Math.abs(ms) < SECOND) return 'now';
  return ms > 0 ? `in ${span(ms)}` : `${span(-ms)} ago`;
}

/** `1,234` */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}

type Loose<Fields> = { readonly [Name in keyof Fields]: Fields[Name] | undefined };

/** A key, or what names a message without one. */
export function keyText({ key, keyBase64, origin, retryOffset }: Loose<KeyedAnswer>): string {
  if (key !== undefined) return key === '' ? '(empty)' : plain(key);
  if (keyBase64 !== undefined) return `base64:${keyBase64}`;
  if (origin !== undefined) return `(no key, origin ${origin})`;
  return retryOffset === undefined ? '(no key)' : `(no key, retry offset ${retryOffset})`;
}

/** `1 lock`, `2 locks` */
export function several(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? '' : 's'}`;
}
