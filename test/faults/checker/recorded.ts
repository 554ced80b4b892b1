import type { Faults } from './faults.ts';
import { type Finding, nameOf, type Row, Tally } from './verdict.ts';
import { type Call, placeOf, type Stories, type Story } from './story.ts';

/** An outcome that the service certainly knew of at `known`, and when it happened. */
interface Known {
  readonly what: string;
  readonly happened: number;
  readonly known: number;
}

/**
 * Once an answer has said that a success is recorded, the message is not handled again; nor is an attempt made again
 * after the next one was. Redis may forget what the journal was not due to hold yet.
 */
export function recordedRow({ all, owners }: Stories, faults: Faults): Row {
  const violations: Finding[] = [];
  const excuses = new Tally();
  let [successes, failures] = [0, 0];
  for (const story of all) {
    if (story.recordedAt.length > 0) successes += 1;
    const knownSince = nextAttempts(story);
    failures += knownSince.size;
    for (const call of story.calls) {
      const known = recordedBefore(story, call) ?? failedBefore(story, call, knownSince);
      if (known === undefined) continue;
      const excuse = excuseOf(call, known, story);
      if (excuse !== undefined) {
        excuses.count(excuse);
        continue;
      }
      const what = `${nameOf(story)} was given to ${call.consumer} ${call.begunAt - known.known} ms after ${known.what}`;
      violations.push({ what, at: call.begunAt, stories: [story] });
    }
  }
  const checked = `${successes} recorded successes, ${failures} failures`;
  return { promise: 'recorded', checked, violations, notes: excuses.lines };

  function excuseOf(
    call: Call,
    { happened, known }: Known,
    { sent, policy, calls }: Story,
  ): string | undefined {
    if (call.zombie) return 'handled again by a consumer that had lost the partition';
    // Redis lost the first redrive, and another one was begun, which knows nothing of what that had done.
    if (known < sent.at && sent.at <= call.begunAt) return 'redriven once more by another job';
    const forgotten = faults.mayHaveForgotten(happened, known, call.begunAt, policy.journalIntervalMs);
    if (forgotten === 'redis') return 'Redis lost its data before the journal was due';
    if (forgotten === 'journal') return 'Redis lost its data while the journal could not be written';
    // Redis lost what it knew of keys without a lock, and a consumer reads again what it had not committed.
    const readAgain =
      !call.redelivered &&
      owners.wasAssigned(call.consumer, placeOf(sent), calls[0]!.begunAt, call.begunAt) &&
      faults.lostRedis(happened, call.begunAt);
    return readAgain ? 'read again below the checkpoint' : undefined;
  }
}

/** When the success happened that the service confirmed at `known`. */
export function successBefore(story: Story, known: number): number {
  const success = story.calls.findLast(({ result, endedAt }) => result === 'succeeded' && endedAt <= known);
  return success?.endedAt ?? known;
}

function recordedBefore(story: Story, call: Call): Known | undefined {
  const known = story.recordedAt.findLast((at) => at < call.begunAt);
  if (known === undefined) return undefined;
  return { what: 'its success was recorded', happened: successBefore(story, known), known };
}

/** Where the service is asked about each call: when an attempt was first made that shows that the one before was known. */
function nextAttempts({ calls, policy }: Story): Map<number, number> {
  const known = new Map<number, number>();
  if (policy.mode !== 'gated') return known;
  let highest = 1;
  for (const { attempt, begunAt } of calls) {
    for (; highest < attempt; highest++) known.set(highest, begunAt);
  }
  return known;
}

function failedBefore(
  story: Story,
  { attempt, begunAt }: Call,
  since: Map<number, number>,
): Known | undefined {
  const known = since.get(attempt);
  if (known === undefined || known >= begunAt) return undefined;
  const happened = story.failedAt.get(attempt) ?? known;
  return { what: `attempt ${attempt + 1}, and is told attempt ${attempt} again`, happened, known };
}
