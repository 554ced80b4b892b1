import type { Fault } from '../history.ts';
import { type Finding, nameOf, promises, type Row, type Verdict } from './verdict.ts';
import type { Story } from './story.ts';

const SHOWN = 3;
const CALLS_SHOWN = 20;
/** A fault is told with a violation when it was over less than this before, or began less than this after. */
const [BEFORE, AFTER] = [30_000, 5_000];

/** A table with a row for each promise; below it the first violations, with all there is to know about them. */
export function report(verdict: Verdict): string {
  const { rows, violations } = verdict;
  const lines = [...table(rows), ''];
  for (const { promise, violations: found } of rows) {
    if (found.length === 0) continue;
    const first = [...found].sort((a, b) => a.at - b.at).slice(0, SHOWN);
    lines.push(`${promise}: the first ${first.length} of ${found.length}`);
    lines.push(...first.flatMap((finding) => told(finding, verdict)), '');
  }
  lines.push(violations === 0 ? 'Every promise was kept.' : `${violations} violations.`);
  return lines.join('\n');
}

function table(rows: readonly Row[]): string[] {
  const cells = rows.map(({ promise, checked, violations }) => [
    promises[promise],
    checked,
    violations.length === 0 ? 'kept' : `${violations.length} VIOLATIONS`,
  ]);
  const widths = [0, 1].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  return rows.flatMap(({ notes }, index) => [
    `  ${cells[index]!.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
    ...notes.map((note) => `    ${note}`),
  ]);
}

function told({ what, at, stories }: Finding, { begunAt, faults }: Verdict): string[] {
  const time = (ms: number): string =>
    ms === Infinity ? 'never' : `${((ms - begunAt) / 1_000).toFixed(3)} s`;
  const near = faults.filter((fault) => fault.at <= at + AFTER && fault.until >= at - BEFORE);
  return [
    `  ${time(at)} (${at}): ${what}`,
    ...stories.flatMap((story) => lifeOf(story, time)).map((line) => `    ${line}`),
    `    faults: ${near.length === 0 ? 'none near' : near.map((fault) => nameOfFault(fault, time)).join('; ')}`,
  ];
}

function lifeOf(story: Story, time: (ms: number) => string): string[] {
  const { sent, calls, recordedAt, deadLetters, resolvedAt } = story;
  return [
    `${nameOf(story)}: sent ${time(sent.at)}, resolved ${time(resolvedAt)}`,
    ...calls
      .slice(0, CALLS_SHOWN)
      .map(({ consumer, begunAt, endedAt, attempt, redelivered, zombie, result }) => {
        const kind = `${redelivered ? 'redelivered' : 'fresh'}${zombie ? ', by a zombie' : ''}`;
        return `  ${time(begunAt)} – ${time(endedAt)}  ${consumer}  attempt ${attempt}, ${kind}: ${result}`;
      }),
    ...(calls.length > CALLS_SHOWN ? [`  and ${calls.length - CALLS_SHOWN} calls more`] : []),
    ...recordedAt.map((at) => `  ${time(at)}  recorded`),
    ...deadLetters.map(
      ({ at, reason, attempt }) => `  ${time(at)}  dead letter: ${reason}, attempt ${attempt}`,
    ),
  ];
}

function nameOfFault({ kind, target, at, until }: Fault, time: (ms: number) => string): string {
  return `${kind} ${target} ${time(at)}${until > at ? ` – ${time(until)}` : ''}`;
}
