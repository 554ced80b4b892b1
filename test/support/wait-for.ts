import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** ms until it counts as failed, by default 90 s: a machine that is busy is no failure. */
  readonly within?: number;
  readonly every?: number;
  /** What to say about the state of things when time is up. */
  readonly state?: () => unknown;
}

/**
 * Resolves with the condition's value as soon as it is neither false nor undefined nor null; rejects, saying what was
 * waited for, when time is up. A condition that throws counts as not there yet.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
  { within = 90_000, every = 20, state }: WaitOptions = {},
): Promise<Exclude<T, false | undefined | null>> {
  const deadline = performance.now() + within;
  let last: unknown;
  let thrown: string;
  for (;;) {
    try {
      const value = await condition();
      [last, thrown] = [value, ''];
      if (value !== false && value !== undefined && value !== null) {
        return value as Exclude<T, false | undefined | null>;
      }
    } catch (error) {
      last = error instanceof Error ? error.message : error;
      thrown = `${String(last)}\n`;
    }
    if (performance.now() > deadline) {
      const shown = state === undefined ? last : await state();
      const text =
        (state === undefined ? '' : thrown) +
        (typeof shown === 'string' ? shown : JSON.stringify(shown, null, 1));
      throw new Error(`waited ${within} ms for ${what}; the last that was seen: ${text}`);
    }
    await sleep(every);
  }
}
