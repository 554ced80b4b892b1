import type { Redis } from 'ioredis';
import { readScript, runScript } from './define-script.ts';
import type { Script } from './define-script.ts';

const directory = new URL('./lua/', import.meta.url);

/** A text that is there already. */
export interface Kept {
  readonly text: string;
  /** For how long it still is, ms. */
  readonly left: number;
}

const first: Script<{ text: string; ms: number }, Kept | null> = {
  name: 'first_text',
  lua: readScript(directory, [], 'first.lua'),
  argv: ({ text, ms }) => [text, ms],
  decode: (reply) => {
    const [text, left] = reply as readonly [Buffer?, number?];
    return text === undefined ? null : { text: text.toString(), left: Math.max(1, left ?? 0) };
  },
};

const instead: Script<string, boolean> = {
  name: 'instead_text',
  lua: readScript(directory, [], 'instead.lua'),
  argv: (text) => [text],
  decode: (reply) => reply === 1,
};

/** Keeps `text` under the key for so long (ms), unless something is there: then answers that. Goes on when Redis is full. */
export function keepFirst(redis: Redis, key: string, text: string, ms: number): Promise<Kept | null> {
  return runScript(redis, first, [key], { text, ms });
}

/** Puts `text` in the place of what is there, until the same time. False: nothing is. Goes on when Redis is full. */
export function keepInstead(redis: Redis, key: string, text: string): Promise<boolean> {
  return runScript(redis, instead, [key], text);
}
