import { asSent } from '../chronicle.ts';
import type { DeadLetter, HistoryLine, Redriven } from '../history.ts';
import { originOf } from './story.ts';
import type { Finding, Row } from './verdict.ts';

/** What tells of one life of a message; all else, such as faults and assignments, holds for both. */
const ofLife = new Set<HistoryLine['type']>(['begun', 'recorded', 'dead-letter']);

/** What was written down of the time before the dead letters came again. */
export function firstLife(history: readonly HistoryLine[], redrivenAt: number): HistoryLine[] {
  return history.filter(
    ({ type, at }) => type !== 'redriven' && (at < redrivenAt || !(ofLife.has(type) || type === 'remains')),
  );
}

/** And of the time after it: a message that is redriven is one that has just been sent, and all promises hold for it anew. */
export function secondLife(history: readonly HistoryLine[], redrivenAt: number): HistoryLine[] {
  const again = new Map(redrivenOf(history).map((line) => [originOf(line), asSent(line)]));
  const after = history.filter(({ type, at }) => type !== 'sent' && (at >= redrivenAt || !ofLife.has(type)));
  return [...again.values(), ...after.filter(({ type }) => type !== 'redriven')].sort((a, b) => a.at - b.at);
}

/** Every dead letter comes again, once, and nothing else does. */
export function redrivenRow(history: readonly HistoryLine[], redrivenAt: number): Row {
  const violations: Finding[] = [];
  const redriven = redrivenOf(history);
  const letters = new Map(
    history
      .filter((line): line is DeadLetter => line.type === 'dead-letter' && line.at < redrivenAt)
      .map((letter) => [originOf(letter), letter]),
  );
  const find = (what: string, { at }: HistoryLine): void => {
    violations.push({ what, at, stories: [] });
  };
  const ids = new Set<string>();
  const origins = new Set<string>();
  for (const line of redriven) {
    const name = `${line.key}#${line.seq} (${originOf(line)})`;
    if (ids.has(line.id)) find(`${name} was redriven twice by ${line.id}`, line);
    if (!letters.has(originOf(line))) find(`${name} was redriven, and is no dead letter`, line);
    ids.add(line.id);
    origins.add(originOf(line));
  }
  for (const [origin, letter] of letters) {
    if (!origins.has(origin)) find(`the dead letter of ${origin} was not redriven`, letter);
  }
  return {
    promise: 'redriven',
    checked: `${letters.size} dead letters`,
    violations,
    notes: [`${redriven.length} records in the retry topics`],
  };
}

function redrivenOf(history: readonly HistoryLine[]): Redriven[] {
  return history.filter((line) => line.type === 'redriven');
}
