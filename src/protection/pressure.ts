/** How much of a message goes into Redis. In order of need. */
export const LEVELS = ['inline', 'left-out', 'stopped'] as const;

/** `left-out`: headers and value stay in Kafka. `stopped`: nothing more is read from the retry topic at all. */
export type Level = (typeof LEVELS)[number];

/** Shares of Redis' `maxmemory`. */
export interface Margins {
  readonly leaveOutAt: number;
  readonly stopAt: number;
}

/** A level is left only when this share of the memory, or of the bytes that may be held, has come free since. */
const HYSTERESIS = { memory: 0.05, bytes: 0.1 };

/** What the memory of a server asks for. `used`: share of `maxmemory`, null = it has none. Pure. */
export function memoryLevel(before: Level, used: number | null, { leaveOutAt, stopAt }: Margins): Level {
  if (used === null) return 'inline';
  const over = (at: number, level: Level): boolean =>
    used >= at || (rank(before) >= rank(level) && used > at - HYSTERESIS.memory);
  if (over(stopAt, 'stopped')) return 'stopped';
  return over(leaveOutAt, 'left-out') ? 'left-out' : 'inline';
}

/** What the bytes that a route holds ask for. Pure. */
export function bytesLevel(before: Level, held: number, limit: number): Level {
  const over = held >= limit || (before !== 'inline' && held > limit * (1 - HYSTERESIS.bytes));
  return over ? 'left-out' : 'inline';
}

export function rank(level: Level): number {
  return LEVELS.indexOf(level);
}

export function worst(levels: readonly Level[]): Level {
  return LEVELS[Math.max(0, ...levels.map(rank))] ?? 'inline';
}
