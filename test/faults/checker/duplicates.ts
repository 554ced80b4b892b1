import type { Faults } from './faults.ts';
import { type Finding, nameOf, type Row, Tally } from './verdict.ts';
import { placeOf, type Stories } from './story.ts';

/** At least once: what was handled, or is a dead letter, may be handled again, but not without anything having happened. */
export function duplicatesRow({ all, owners }: Stories, faults: Faults): Row {
  const violations: Finding[] = [];
  const reasons = new Tally();
  for (const story of all) {
    for (const call of story.calls) {
      if (call.begunAt <= story.resolvedAt || call === story.firstSuccess) continue;
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
