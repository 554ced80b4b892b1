import { spreadOf } from '../../../dev/demo/checker/spread.ts';
import type { Faults } from './faults.ts';
import { flowsWithoutService } from './flow.ts';
import { type Finding, nameOf, type Row } from './verdict.ts';
import type { Stories, Story } from './story.ts';

/** Longer than this nobody waits whose key never failed, unless something was done to the system. */
const LONGEST_WAIT = 30_000;

/** Keys that never failed do not wait for those that did. */
export function isolationRow({ byKey }: Stories, faults: Faults): Row {
  const violations: Finding[] = [];
  const waits: number[] = [];
  const allWaits: number[] = [];
  for (const story of byKey.filter(neverFailed).flat()) {
    const { sent, calls } = story;
    const begunAt = calls[0]?.begunAt ?? Infinity;
    const waited = Math.max(0, begunAt - sent.at);
    if (waited < Infinity) allWaits.push(waited);
    if (waited < Infinity && faults.calm(sent.at, begunAt)) waits.push(waited);
    if (begunAt < Infinity && waited > LONGEST_WAIT && faults.calm(sent.at, sent.at + LONGEST_WAIT)) {
      const what = `${nameOf(story)} waited ${waited} ms, in calm, and nothing of its key ever failed`;
      violations.push({ what, at: sent.at, stories: [story] });
    }
  }
  const flow = flowsWithoutService(byKey, faults);
  violations.push(...flow.violations);
  return {
    promise: 'isolation',
    checked: `${waits.length} messages in calm`,
    violations,
    notes: [
      `from sent to handled, in calm: ${told(waits)}`,
      `and with all faults and their aftermath, ${allWaits.length} messages: ${told(allWaits)}`,
      ...flow.notes,
    ],
  };
}

function told(waits: readonly number[]): string {
  const { p50, p99, max } = spreadOf(waits);
  return `p50 ${p50} ms  p99 ${p99} ms  max ${max} ms`;
}

function neverFailed(stories: readonly Story[]): boolean {
  return stories.every(({ failedAt, deadLetters }) => failedAt.size === 0 && deadLetters.length === 0);
}
