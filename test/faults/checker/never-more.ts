import { successBefore } from './recorded.ts';
import type { Faults } from './faults.ts';
import { type Finding, nameOf, type Row, Tally } from './verdict.ts';
import { originOf, type Stories, type Story } from './story.ts';

/** No call and no dead letter of what was never sent, and no dead letter without what its reason says. */
export function neverMoreRow({ all, strangers }: Stories, faults: Faults): Row {
  const violations: Finding[] = strangers.map((line) => ({
    what: `${line.type === 'begun' ? 'a call' : 'a dead letter'} of ${originOf(line)}, which nobody sent`,
    at: line.at,
    stories: [],
  }));
  const notes = new Tally();
  let letters = 0;
  for (const story of all) {
    letters += story.deadLetters.length > 0 ? 1 : 0;
    if (story.deadLetters.length > 1) notes.count('written twice to the dead-letter topic');
    for (const letter of story.deadLetters) {
      const why = wrong(story, letter, faults);
      if (why !== undefined) {
        const what = `${nameOf(story)} was dead-lettered as ${letter.reason}, but ${why}`;
        violations.push({ what, at: letter.at, stories: [story] });
      } else if (story.firstSuccess !== undefined && story.firstSuccess.endedAt <= letter.at) {
        notes.count('dead-lettered after a success that was not recorded');
      }
    }
  }
  return { promise: 'never more', checked: `${letters} dead letters`, violations, notes: notes.lines };
}

function wrong(
  story: Story,
  { at, reason }: Story['deadLetters'][number],
  faults: Faults,
): string | undefined {
  const { policy, recordedAt, calls } = story;
  const known = recordedAt.findLast((time) => time < at);
  const { journalIntervalMs: interval, maxAttempts } = policy;
  if (known !== undefined && !faults.mayHaveForgotten(successBefore(story, known), known, at, interval)) {
    return 'its success had been recorded';
  }
  const before = calls.filter(({ begunAt }) => begunAt <= at);
  switch (reason) {
    case 'exhausted':
    case 'fatal':
    case 'expired':
      return before.some(({ result, endedAt }) => result === 'failed' && endedAt <= at)
        ? undefined
        : 'it never failed';
    case 'unanswered': {
      // Each of these deliveries was admitted and not answered: at most one of them in each life of a consumer's claim.
      const deliveries = before.filter(({ redelivered }) => redelivered).length;
      return deliveries >= maxAttempts ? undefined : `it was delivered ${deliveries} times`;
    }
    case 'operator':
    case 'undeliverable':
      return undefined;
    default:
      return 'it is well formed';
  }
}
