import type { Call, Evidence, Story } from './story.ts';

/** Why a message that had been handled successfully, or dead-lettered, was handled once more. */
export const duplicateReasons = {
  uncommitted: 'its consumer was killed before its commit',
  unreported: 'its consumer was killed before it could report',
  moved: 'its partition moved before the commit',
  service: 'the service was killed before it could note the success',
  /** Against the promise, whatever crashed meanwhile. */
  recorded: 'although its success was recorded',
  unexplained: 'nobody knows why',
} as const;

export type DuplicateReason = keyof typeof duplicateReasons;

export interface Duplicate {
  readonly story: Story;
  readonly call: Call;
  readonly reason: DuplicateReason;
}

export function duplicatesOf(story: Story, evidence: Evidence): Duplicate[] {
  return story.calls
    .filter((call) => call !== story.firstSuccess && call.begunAt >= story.resolvedAt)
    .map((call) => ({ story, call, reason: reasonOf(call, story, evidence) }));
}

function reasonOf(call: Call, { sent, calls, recordedAt }: Story, evidence: Evidence): DuplicateReason {
  if (recordedAt !== undefined && recordedAt < call.begunAt) return 'recorded';
  const before = calls.findLast((other) => other !== call && other.endedAt <= call.begunAt);
  if (before === undefined) return 'unexplained';
  const between = (at: number): boolean => before.endedAt <= at && at <= call.begunAt;

  const killed = evidence.kills.some(({ consumer, at }) => consumer === before.consumer && between(at));
  if (killed) return before.redelivered || call.redelivered ? 'unreported' : 'uncommitted';
  const moved = evidence.history.some(
    (line) =>
      line.type === 'assigned' &&
      line.consumer === call.consumer &&
      line.partitions.includes(sent.partition) &&
      between(line.at),
  );
  if (moved) return 'moved';
  return call.redelivered && evidence.serviceKills.some(between) ? 'service' : 'unexplained';
}
