import type { Call, Evidence, Story } from './story.ts';

export interface Retry {
  readonly story: Story;
  readonly call: Call;
  /** ms after its due time, the failure plus its backoff; negative: early. Undefined: there was no failure before it. */
  readonly lateMs: number | undefined;
}

/** The first call of each attempt after the first, of one message. */
export function retriesOf(story: Story, { policy }: Evidence): Retry[] {
  const seen = new Set<number>();
  return story.calls.flatMap((call) => {
    const { attempt } = call;
    if (attempt < 2 || seen.has(attempt)) return [];
    seen.add(attempt);
    // The first failure of the attempt counts: one that is repeated after a crash changes nothing about the due time.
    const failedAt = story.calls
      .filter(({ attempt: other, result }) => other === attempt - 1 && result === 'failed')
      .reduce((first, { endedAt }) => Math.min(first, endedAt), Infinity);
    const lateMs =
      failedAt > call.begunAt ? undefined : call.begunAt - failedAt - delayAfter(attempt - 1, policy);
    return [{ story, call, lateMs }];
  });
}

/** Given up as exhausted, though some of its attempts were never made. */
export function gaveUpTooSoon({ calls, deadLetter }: Story, { policy }: Evidence): boolean {
  if (deadLetter?.reason !== 'exhausted') return false;
  const failed = new Set(calls.filter(({ result }) => result === 'failed').map(({ attempt }) => attempt));
  return failed.size < policy.maxAttempts;
}

/** Written down here once more and not taken from the service, which is what is being checked. */
function delayAfter(attempt: number, { backoff }: Evidence['policy']): number {
  return Math.min(backoff.maxMs, backoff.initialMs * backoff.multiplier ** (attempt - 1));
}
