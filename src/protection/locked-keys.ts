export interface LoadLimit {
  /** Keys of the route that may be locked at once. */
  readonly lockedKeys: number;
}

/** Once over the limit, there are too many until they are fewer than this share of it: else it would open and close all the time. */
const ENOUGH = 0.9;

/** What is to be said of it where too many keys are locked. `already`: it was so before. null: they are not. */
export function tooManyLocks(lockedKeys: number | null, limit: LoadLimit, already: boolean): string | null {
  // Nobody knows: as it was.
  if (lockedKeys === null) return already ? 'Redis does not say how many keys are locked' : null;
  const over = already ? lockedKeys >= limit.lockedKeys * ENOUGH : lockedKeys > limit.lockedKeys;
  return over ? `${lockedKeys} keys are locked, the limit is ${limit.lockedKeys}` : null;
}
