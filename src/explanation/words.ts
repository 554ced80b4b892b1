import { isUtf8 } from 'node:buffer';
import { keyOf } from '../domain/unit.ts';
import type { Unit } from '../domain/unit.ts';

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** How long, roughly: `3 min`, `1.5 h`. */
export function durationWords(ms: number): string {
  const [size, name] = UNITS.find(([each]) => ms >= each) ?? [1, 'ms'];
  const value = ms / size;
  return `${value >= 10 || size === 1 ? String(Math.round(value)) : String(Math.round(value * 10) / 10)} ${name}`;
}

/** A time, and how far it is from now. */
export function timeWords(at: number, now: number): string {
  const time = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  if (Math.abs(at - now) < 1) return `${time} (now)`;
  return at > now ? `${time} (in ${durationWords(at - now)})` : `${time} (${durationWords(now - at)} ago)`;
}

/** `1 message`, `3 messages`. */
export function several(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** What a person calls the key. */
export function unitWords(unit: Unit): string {
  const key = keyOf(unit);
  if (key === null) {
    const offset = unit.toString('latin1', 1);
    return unit[0] === 0x6d
      ? `The message at retry offset ${offset}`
      : `The message without a key at offset ${offset}`;
  }
  if (key.length === 0) return 'The empty key';
  return isUtf8(key) ? `Key ${key.toString('utf8')}` : `Key base64:${key.toString('base64')}`;
}

/** An error in one sentence. */
export function errorWords({
  class: errorClass,
  message,
}: {
  readonly class: string;
  readonly message: string;
}): string {
  if (message === '') return errorClass;
  return errorClass === '' ? message : `${errorClass}: ${message}`;
}
