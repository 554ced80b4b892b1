/** Delays between attempts, ms. */
export type BackoffPolicy =
  | {
      readonly kind: 'exponential';
      readonly initial: number;
      readonly multiplier: number;
      readonly max: number;
      readonly jitter: number;
    }
  | { readonly kind: 'schedule'; readonly delays: readonly number[]; readonly jitter: number };

/** The delay after the `attempt`-th failed attempt (1 = the first), before jitter: `max` caps first. */
export function delayAfter(policy: BackoffPolicy, attempt: number): number {
  const failures = Math.max(1, attempt);
  if (policy.kind === 'schedule') {
    return policy.delays[Math.min(failures, policy.delays.length) - 1] ?? 0;
  }
  if (policy.initial === 0) return 0; // or it would be 0 · ∞ after a thousand attempts
  return Math.min(policy.max, Math.ceil(policy.initial * policy.multiplier ** (failures - 1)));
}

/** Jitter only lengthens: the result lies in [delay, delay·(1 + jitter)], so that a retry is never early. */
export function jittered(delay: number, jitter: number, random: number): number {
  return Math.ceil(delay * (1 + jitter * random));
}

/** The delays after attempts 1, 2, … up to where they stop changing (at most 64 of them). */
export function delayTable(policy: BackoffPolicy, maxAttempts: number): number[] {
  const length = Math.max(1, Math.min(64, maxAttempts));
  return Array.from({ length }, (_, i) => delayAfter(policy, i + 1));
}
