import type { HistoryLine, Remains, RoutePolicy } from '../history.ts';
import { type Finding, nameOf, type Row } from './verdict.ts';
import type { Story } from './story.ts';

/** Every message that was sent ended: succeeded, or is a dead letter. */
export function lossRow(stories: readonly Story[]): Row {
  const lost = stories.filter(({ resolvedAt }) => resolvedAt === Infinity);
  const succeeded = stories.filter(({ firstSuccess }) => firstSuccess !== undefined).length;
  return {
    promise: 'no loss',
    checked: `${stories.length} messages`,
    violations: lost.map((story) => ({
      what: `${nameOf(story)} was sent, and neither succeeded nor was dead-lettered`,
      at: story.calls.at(-1)?.begunAt ?? story.sent.at,
      stories: [story],
    })),
    notes: [`${succeeded} succeeded, ${stories.length - lost.length - succeeded} are dead letters only`],
  };
}

/** Once nothing is left to do, nothing is locked. */
export function remainsRow(history: readonly HistoryLine[], policies: readonly RoutePolicy[]): Row {
  const last = new Map<string, Remains>();
  for (const line of history) if (line.type === 'remains') last.set(line.route, line);
  const violations = policies.flatMap(({ route }): Finding[] => {
    const remains = last.get(route);
    if (remains === undefined)
      return [{ what: `nobody looked what remained in ${route}`, at: 0, stories: [] }];
    const { lockedKeys, heldMessages, inFlight, at } = remains;
    if (lockedKeys + heldMessages + inFlight === 0) return [];
    const what = `${route} still has ${lockedKeys} locked keys, ${heldMessages} held messages, ${inFlight} in flight`;
    return [{ what, at, stories: [] }];
  });
  return { promise: 'no zombies', checked: `${policies.length} routes`, violations, notes: [] };
}
