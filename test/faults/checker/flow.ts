import type { Fault } from '../history.ts';
import type { Faults } from './faults.ts';
import type { Story } from './story.ts';
import type { Finding } from './verdict.ts';

/** Of a key that failed so shortly before, or since, a consumer may still have to ask. */
const ASKED_ABOUT = 30_000;
/** Time for what was sent last. */
const ON_ITS_WAY = 1_000;
/** With fewer messages a share says nothing. */
const ENOUGH = 40;
const AT_LEAST = 0.9;

/** How many of the messages that were sent in a time, of keys that are not locked, came to a handler in it. */
interface Flow {
  readonly sent: number;
  readonly handled: number;
}

/** Consumers with a gate outlive the service: keys that are not locked flow as they did before. */
export function flowsWithoutService(
  byKey: readonly (readonly Story[])[],
  faults: Faults,
): { violations: Finding[]; notes: string[] } {
  const gated = byKey.filter(([first]) => first?.policy.mode === 'gated');
  const violations: Finding[] = [];
  const notes = faults.gone.flatMap((fault) => {
    const length = fault.until - fault.at;
    const [before, meanwhile] = [flowOf(gated, fault.at - length, fault), flowOf(gated, fault.at, fault)];
    const isLess = shareOf(meanwhile) < AT_LEAST * shareOf(before);
    const seconds = `${(length / 1_000).toFixed(1)} s`;
    if (isLess && before.sent >= ENOUGH && meanwhile.sent >= ENOUGH) {
      const what = `for ${seconds} without service and Redis ${told(meanwhile)} of keys that were not locked came to a handler, before ${told(before)}`;
      violations.push({ what, at: fault.at, stories: [] });
    }
    if (meanwhile.sent === 0) return [];
    return `without service and Redis for ${seconds}, of keys that were not locked: ${told(meanwhile)} handled; before: ${told(before)}`;
  });
  return { violations, notes };
}

function flowOf(gated: readonly (readonly Story[])[], from: number, { at, until }: Fault): Flow {
  const to = from + (until - at) - ON_ITS_WAY;
  let [sent, handled] = [0, 0];
  for (const stories of gated) {
    let failedAt = -Infinity;
    let resolvedAt = -Infinity;
    for (const story of stories) {
      const isFree = resolvedAt <= story.sent.at && failedAt < from - ASKED_ABOUT;
      if (story.sent.at >= from && story.sent.at < to && isFree) {
        sent += 1;
        if ((story.calls[0]?.begunAt ?? Infinity) <= to + ON_ITS_WAY) handled += 1;
      }
      failedAt = Math.max(failedAt, ...story.failedAt.values());
      resolvedAt = Math.max(resolvedAt, story.resolvedAt);
    }
  }
  return { sent, handled };
}

function shareOf({ sent, handled }: Flow): number {
  return sent === 0 ? 1 : handled / sent;
}

function told(flow: Flow): string {
  return `${flow.handled} of ${flow.sent} (${Math.round(100 * shareOf(flow))} %)`;
}
