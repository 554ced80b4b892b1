import type { Faults } from './faults.ts';
import { type Finding, nameOf, type Row, Tally } from './verdict.ts';
import { type Call, placeOf, type Stories, type Story } from './story.ts';

/** Once an answer has said that a success is recorded, the message is not handled again, save where Redis lost it. */
export function recordedRow({ all, owners }: Stories, faults: Faults): Row {
  const violations: Finding[] = [];
  const excuses = new Tally();
  let recorded = 0;
  for (const story of all) {
    if (story.recordedAt.length > 0) recorded += 1;
    for (const call of story.calls) {
      const known = story.recordedAt.findLast((at) => at < call.begunAt);
      if (known === undefined) continue;
      const excuse = excuseOf(call, known);
      if (excuse !== undefined) excuses.count(excuse);
      else {
        const what = `${nameOf(story)} was given to ${call.consumer} ${call.begunAt - known} ms after its success was recorded`;
        violations.push({ what, at: call.begunAt, stories: [story] });
      }

      function excuseOf(call: Call, known: number): string | undefined {
        if (call.zombie) return 'handled by a consumer that had lost the partition';
        const { sent, policy } = story;
        const happened = successBefore(story, known);
        const forgotten = faults.mayHaveForgotten(happened, known, call.begunAt, policy.journalIntervalMs);
        if (forgotten === 'redis') return 'Redis lost its data before the journal was due';
        if (forgotten === 'journal') return 'Redis lost its data while the journal could not be written';
        // Redis lost what it knew of keys without a lock, and a consumer reads again what it had not committed.
        const begun = story.calls[0]!.begunAt;
        const readAgain =
          !call.redelivered && owners.wasAssigned(call.consumer, placeOf(sent), begun, call.begunAt);
        if (readAgain && faults.lostRedis(happened, call.begunAt)) return 'read again below the checkpoint';
        return undefined;
      }
    }
  }
  return { promise: 'recorded', checked: `${recorded} recorded successes`, violations, notes: excuses.lines };
}

/** At least once: what was handled, or is a dead letter, may be handled again, but not without anything having happened. */
export function duplicatesRow({ all, owners }: Stories, faults: Faults): Row {
  const violations: Finding[] = [];
  const reasons = new Tally();
  for (const story of all) {
    for (const call of story.calls) {
      if (call.begunAt < story.resolvedAt || call === story.firstSuccess) continue;
      if (story.recordedAt.some((at) => at < call.begunAt)) continue;
      const before = story.calls.findLast((other) => other !== call && other.endedAt <= call.begunAt);
      const from = before?.endedAt ?? story.resolvedAt;
      const fault = faults.felt(from, call.begunAt);
      if (call.zombie) reasons.count('a consumer had lost the partition');
      else if (owners.wasAssigned(call.consumer, placeOf(story.sent), from, call.begunAt)) {
        reasons.count('the partition passed on before the commit or the report');
      } else if (fault !== undefined) reasons.count(`after ${fault.kind}`);
      else {
        const what = `${nameOf(story)} was given to ${call.consumer} again, and nothing had happened`;
        violations.push({ what, at: call.begunAt, stories: [story] });
      }
    }
  }
  return { promise: 'duplicates', checked: `${all.length} messages`, violations, notes: reasons.lines };
}

/** When the success happened that the service confirmed at `known`. */
export function successBefore(story: Story, known: number): number {
  const success = story.calls.findLast(({ result, endedAt }) => result === 'succeeded' && endedAt <= known);
  return success?.endedAt ?? known;
}
