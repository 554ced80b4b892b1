import { attemptsRow, earlyRow } from './checker/attempts.ts';
import { duplicatesRow } from './checker/duplicates.ts';
import { Faults } from './checker/faults.ts';
import type { PromiseName, Row, Verdict } from './checker/verdict.ts';
import { isolationRow } from './checker/isolation.ts';
import { neverMoreRow } from './checker/never-more.ts';
import { orderRow } from './checker/order.ts';
import { lossRow, remainsRow } from './checker/outcome.ts';
import { recordedRow } from './checker/recorded.ts';
import { firstLife, redrivenRow, secondLife } from './checker/second-life.ts';
import { storiesOf } from './checker/story.ts';
import type { HistoryLine, RoutePolicy } from './history.ts';

export type { Verdict } from './checker/verdict.ts';
export { report } from './checker/report.ts';

/** Judges a run by what was written down. Knows nothing of how the promises are kept. */
export function check(history: readonly HistoryLine[], policies: readonly RoutePolicy[]): Verdict {
  const stories = storiesOf(history, policies);
  const faults = new Faults(history.filter((line) => line.type === 'fault'));
  const rows = [
    orderRow(stories),
    isolationRow(stories, faults),
    lossRow(stories.all),
    remainsRow(history, policies),
    earlyRow(stories.all),
    attemptsRow(stories.all),
    recordedRow(stories, faults),
    duplicatesRow(stories, faults),
    neverMoreRow(stories, faults),
  ];
  return {
    rows,
    violations: violationsOf(rows),
    faults: faults.all,
    begunAt: history.reduce((first, { at }) => Math.min(first, at), Infinity),
  };
}

/** Judges a run at whose end, from `redrivenAt` on (epoch ms), its dead letters came again: before that, and since. */
export function checkLives(
  history: readonly HistoryLine[],
  policies: readonly RoutePolicy[],
  redrivenAt: number,
): Verdict[] {
  const second = check(secondLife(history, redrivenAt), policies);
  const rows = [redrivenRow(history, redrivenAt), ...second.rows];
  return [
    check(firstLife(history, redrivenAt), policies),
    { ...second, rows, violations: violationsOf(rows) },
  ];
}

/**
 * The promises of which a violation that is found while the run goes on stays one. `until`: before anything that is not
 * written down yet, such as a fault that lasts.
 */
export function checkSoFar(
  history: readonly HistoryLine[],
  policies: readonly RoutePolicy[],
  until: number,
): Verdict {
  const bounded = new Set<HistoryLine['type']>(['begun', 'dead-letter']);
  const verdict = check(
    history.filter(({ type, at }) => !bounded.has(type) || at < until),
    policies,
  );
  const rows = verdict.rows.filter(({ promise }) => certain.has(promise));
  return { ...verdict, rows, violations: violationsOf(rows) };
}

const certain = new Set<PromiseName>(['order', 'never early', 'attempts', 'recorded', 'duplicates']);

function violationsOf(rows: readonly Row[]): number {
  return rows.reduce((sum, { violations }) => sum + violations.length, 0);
}
