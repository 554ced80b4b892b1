import { type Finding, nameOf, type Row } from './verdict.ts';
import type { Owners } from './owners.ts';
import { type Call, placeOf, type Stories, type Story } from './story.ts';

interface Running {
  readonly story: Story;
  readonly call: Call;
}

/**
 * With the gate: no message is given to a handler while an earlier one of its key is unresolved, or still in a handler.
 * Without it: the same among retried messages.
 */
export function orderRow({ byKey, owners }: Stories): Row {
  const bound = byKey.filter(([first]) => first!.policy.mode !== 'unordered');
  const gated = byKey.filter(([first]) => first!.policy.mode === 'gated');
  const calls = bound.flat().flatMap((story) => story.calls);
  const zombies = calls.filter(({ zombie }) => zombie).length;
  return {
    promise: 'order',
    checked: `${calls.length} calls of ${bound.length} keys`,
    violations: bound.flatMap((stories) =>
      stories[0]!.policy.mode === 'gated'
        ? [...overtaken(stories), ...together(stories, () => true, owners)]
        : [...overtakenRetries(stories), ...together(stories, ({ redelivered }) => redelivered, owners)],
    ),
    notes: [
      `resolved in the order of their origins: ${gated.filter(resolvedInOrder).length} of ${gated.length} gated keys`,
      `calls of consumers that had lost the partition and did not know: ${zombies}`,
    ],
  };
}

function overtaken(stories: readonly Story[]): Finding[] {
  const violations: Finding[] = [];
  // Of all earlier ones, the one that was resolved last stands for them.
  let last: Story | undefined;
  for (const story of stories) {
    for (const call of story.calls) {
      if (last === undefined || last.resolvedAt <= call.begunAt || excused(call)) continue;
      violations.push(overtook(story, call, last));
    }
    if (last === undefined || story.resolvedAt >= last.resolvedAt) last = story;
  }
  return violations;
}

/**
 * A consumer that lost its partition and does not know asks nobody about fresh records of keys that it takes for
 * unlocked. What was redelivered it has to ask about like everybody: no excuse for that.
 */
function excused({ zombie, redelivered }: Call): boolean {
  return zombie && !redelivered;
}

/** A message that is retried lies in the retry topic behind all earlier ones of its key that had failed. */
function overtakenRetries(stories: readonly Story[]): Finding[] {
  const violations: Finding[] = [];
  const failed: Story[] = [];
  let lastResolved = -Infinity;
  for (const story of stories) {
    for (const call of story.calls) {
      if (!call.redelivered || lastResolved <= call.begunAt) continue;
      const earlier = failed.find(
        ({ failedAt, resolvedAt }) =>
          resolvedAt > call.begunAt && Math.min(...failedAt.values()) <= call.begunAt,
      );
      if (earlier !== undefined) violations.push(overtook(story, call, earlier));
    }
    if (story.failedAt.size === 0) continue;
    failed.push(story);
    lastResolved = Math.max(lastResolved, story.resolvedAt);
  }
  return violations;
}

function overtook(story: Story, call: Call, earlier: Story): Finding {
  const what = `${nameOf(story)} was given to ${call.consumer} while ${nameOf(earlier)} was unresolved`;
  return { what, at: call.begunAt, stories: [earlier, story] };
}

/** Calls that begin while the same or an earlier message of the key is still in a handler. */
function together(stories: readonly Story[], relevant: (call: Call) => boolean, owners: Owners): Finding[] {
  const all = stories
    .flatMap((story) => story.calls.filter(relevant).map((call): Running => ({ story, call })))
    .sort((a, b) => a.call.begunAt - b.call.begunAt);
  const violations: Finding[] = [];
  let running: Running[] = [];
  for (const one of all) {
    running = running.filter(({ call }) => call.endedAt > one.call.begunAt);
    const other = running.find(
      ({ story, call }) => story.sent.offset <= one.story.sent.offset && !mayOverlap(call, one, owners),
    );
    if (other !== undefined) {
      const what = `${nameOf(one.story)} was given to ${one.call.consumer} while ${other.call.consumer} still had ${nameOf(other.story)}`;
      violations.push({ what, at: one.call.begunAt, stories: [...new Set([other.story, one.story])] });
    }
    running.push(one);
  }
  return violations;
}

/**
 * A handler can't be stopped from outside: when the partition has passed to another consumer, or has come back, since
 * the first call began, the two may overlap; so may calls of a consumer that does not know yet.
 */
function mayOverlap(before: Call, { story, call }: Running, owners: Owners): boolean {
  if (before.zombie || call.zombie) return true;
  return owners.wasAssigned(call.consumer, placeOf(story.sent), before.begunAt, call.begunAt);
}

/** Whether first successes and dead letters came in the order of the origins. */
function resolvedInOrder(stories: readonly Story[]): boolean {
  return stories.every(
    ({ resolvedAt }, index) =>
      resolvedAt < Infinity && (stories[index - 1]?.resolvedAt ?? -Infinity) <= resolvedAt,
  );
}
