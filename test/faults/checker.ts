import { attemptsRow, earlyRow } from './checker/attempts.ts';
import { duplicatesRow, recordedRow } from './checker/duplicates.ts';
import { Faults } from './checker/faults.ts';
import type { Verdict } from './checker/verdict.ts';
import { isolationRow } from './checker/isolation.ts';
import { neverMoreRow } from './checker/never-more.ts';
import { orderRow } from './checker/order.ts';
import { lossRow, remainsRow } from './checker/outcome.ts';
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
    violations: rows.reduce((sum, { violations }) => sum + violations.length, 0),
    faults: faults.all,
    begunAt: history.reduce((first, { at }) => Math.min(first, at), Infinity),
  };
}
