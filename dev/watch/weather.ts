/** What the orders meet for a while. */
export interface Weather {
  readonly name: string;
  readonly seconds: number;
  /** Share of the orders whose first attempt fails, from 0 to 1. */
  readonly failing: number;
  /** Nothing succeeds, whichever attempt it is. */
  readonly isDown?: true;
}

/** One after the other, again and again. */
export const cycle: readonly Weather[] = [
  { name: 'calm: one order in a hundred fails', seconds: 30, failing: 0.01 },
  { name: 'a storm: every fifth order fails', seconds: 45, failing: 0.2 },
  { name: 'the warehouse is down: every order fails', seconds: 45, failing: 1, isDown: true },
  { name: 'the warehouse is back: what waited is delivered', seconds: 60, failing: 0.01 },
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

/** Orders that fail get through at this attempt. */
const SUCCEEDS_AT = 3;
/** Of the orders, so many have no warehouse at all: no attempt helps. */
const HOPELESS = 0.002;
const FATAL = 0.001;

export type Fate = 'succeeds' | 'fails' | 'fails for good';

/**
 * What happens to an attempt.
 *
 * @param lot From 0 to 1, the same for every attempt at an order.
 */
export function fateOf(weather: Weather, lot: number, attempt: number): Fate {
  if (weather.isDown) return 'fails';
  if (lot < FATAL) return 'fails for good';
  if (lot < FATAL + HOPELESS) return 'fails';
  return lot < weather.failing && attempt < SUCCEEDS_AT ? 'fails' : 'succeeds';
}
