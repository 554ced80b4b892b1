/** What the orders meet for a while. */
export interface Weather {
  readonly name: string;
  readonly seconds: number;
  /** Share of the attempts that fail, from 0 to 1. */
  readonly failing: number;
  /** Share of the orders that no attempt helps. */
  readonly hopeless: number;
}

/** One after the other, again and again. */
export const cycle: readonly Weather[] = [
  { name: 'calm: one attempt in a hundred fails', seconds: 30, failing: 0.01, hopeless: 0.002 },
  { name: 'a storm: every fifth attempt fails', seconds: 45, failing: 0.2, hopeless: 0.002 },
  { name: 'the warehouse is down: every attempt fails', seconds: 45, failing: 1, hopeless: 0 },
  { name: 'the warehouse is back: what waited is delivered', seconds: 60, failing: 0.01, hopeless: 0 },
];

export const CYCLE_SECONDS = cycle.reduce((sum, { seconds }) => sum + seconds, 0);

/** The weather so many seconds after the beginning. */
export function weatherAt(seconds: number): Weather {
  let left = seconds % CYCLE_SECONDS;
  for (const weather of cycle) {
    if (left < weather.seconds) return weather;
    left -= weather.seconds;
  }
  throw new Error('a moment within the cycle has a weather');
}

export type Fate = 'succeeds' | 'fails' | 'fails for good';

/**
 * What happens to an attempt.
 *
 * @param lot Of the order: from 0 to 1, the same for every attempt.
 * @param chance Of the attempt: from 0 to 1, another each time.
 */
export function fateOf({ failing, hopeless }: Weather, lot: number, chance: number): Fate {
  if (chance < failing) return 'fails';
  if (lot >= hopeless) return 'succeeds';
  // Of these half say so.
  return lot < hopeless / 2 ? 'fails for good' : 'fails';
}
