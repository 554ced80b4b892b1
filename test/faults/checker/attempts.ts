import type { RoutePolicy } from '../history.ts';
import { type Finding, nameOf, type Row } from './verdict.ts';
import { spreadOf } from '../../../dev/demo/checker/spread.ts';
import type { Story } from './story.ts';

/** No retry begins before failure and backoff. */
export function earlyRow(stories: readonly Story[]): Row {
  const violations: Finding[] = [];
  const lateness: number[] = [];
  for (const story of stories) {
    const seen = new Set<number>();
    for (const { attempt, begunAt, consumer } of story.calls) {
      const failedAt = story.failedAt.get(attempt - 1);
      // A failure that is written down only afterwards belongs to the attempts below.
      if (attempt < 2 || failedAt === undefined || failedAt > begunAt) continue;
      // Of several failed calls of one attempt, which a crash repeated, any may have been the one that counted: the
      // first is the earliest from which the backoff can run.
      const lateMs = begunAt - failedAt - delayAfter(attempt - 1, story.policy);
      if (!seen.has(attempt)) lateness.push(lateMs);
      seen.add(attempt);
      // Both times are cut to the ms before them. So a call that began in time, by however little, is written down
      // at failure + delay or, with a delay that is no whole number, less than 1 ms before: no more has to be allowed.
      if (lateMs > -1) continue;
      const what = `attempt ${attempt} of ${nameOf(story)} was given to ${consumer} ${Math.ceil(-lateMs)} ms early`;
      violations.push({ what, at: begunAt, stories: [story] });
    }
  }
  const { count, p50, p99, max } = spreadOf(lateness);
  return {
    promise: 'never early',
    checked: `${count} retries`,
    violations,
    notes: [
      `late by p50 ${ms(p50)}  p99 ${ms(p99)}  max ${ms(max)}, outages and waits for earlier messages included`,
    ],
  };
}

/**
 * A failure counts once it was made: what says that it is attempt n has failed n - 1 times, each attempt at least once,
 * and what is given up as exhausted has failed as often as the policy says. Followers that wait burn none.
 */
export function attemptsRow(stories: readonly Story[]): Row {
  const violations: Finding[] = [];
  let [calls, exhausted] = [0, 0];
  for (const story of stories) {
    const { failedAt, policy } = story;
    for (const { attempt, begunAt, consumer, redelivered } of story.calls) {
      calls += 1;
      const fail = (what: string): void => {
        violations.push({ what: `${nameOf(story)}: ${what}`, at: begunAt, stories: [story] });
      };
      const missing = missingBefore(attempt, failedAt, begunAt);
      if (missing !== undefined)
        fail(`${consumer} was told attempt ${attempt}, but attempt ${missing} had not failed`);
      else if (attempt > policy.maxAttempts) fail(`attempt ${attempt} of ${policy.maxAttempts}`);
      else if (attempt < 1 || (attempt > 1 && !redelivered))
        fail(`attempt ${attempt} of a record that is not redelivered`);
    }
    const letter = story.deadLetters.find(({ reason }) => reason === 'exhausted');
    if (letter === undefined) continue;
    exhausted += 1;
    const missing = missingBefore(policy.maxAttempts + 1, failedAt, letter.at);
    if (missing === undefined) continue;
    const what = `${nameOf(story)} is exhausted, but attempt ${missing} of ${policy.maxAttempts} had not failed`;
    violations.push({ what, at: letter.at, stories: [story] });
  }
  return { promise: 'attempts', checked: `${calls} calls, ${exhausted} exhausted`, violations, notes: [] };
}

function missingBefore(attempt: number, failedAt: Story['failedAt'], at: number): number | undefined {
  for (let earlier = 1; earlier < attempt; earlier++) {
    if ((failedAt.get(earlier) ?? Infinity) > at) return earlier;
  }
  return undefined;
}

/** Written down here once more and not taken from the service, which is what is being checked. */
export function delayAfter(attempt: number, { backoff }: Pick<RoutePolicy, 'backoff'>): number {
  return Math.min(backoff.maxMs, backoff.initialMs * backoff.multiplier ** (attempt - 1));
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
