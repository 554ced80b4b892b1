import type { Story } from './checker/story.ts';
import type { ServiceView } from './service-view.ts';

const SHOWN = 5;

/** What one would want to know when the deadline has passed, one line each. */
export async function missingLines(
  lost: readonly Story[],
  lag: readonly number[],
  service: ServiceView,
): Promise<string[]> {
  const [locked, figures] = await Promise.all([service.lockedKeys(), service.figures()]);
  return [
    `unresolved messages: ${lost.length}`,
    ...lost.slice(0, SHOWN).map((story) => `  ${lineOf(story)}`),
    locked
      ? `locked keys: ${[String(locked.length), ...locked.slice(0, SHOWN)].join(' ')}`
      : 'the service does not answer',
    ...(figures ? [`held ${figures.held}, in flight ${figures.inFlight}`] : []),
    `lag by partition: ${lag.join(' ')}`,
  ];
}

function lineOf({ sent: { key, seq, partition, offset }, calls }: Story): string {
  const last = calls.at(-1);
  const then = last
    ? `attempt ${last.attempt} at ${new Date(last.begunAt).toISOString()} in ${last.consumer}: ${last.result}`
    : 'never handled';
  return `${key}#${seq} (partition ${partition}, offset ${offset}): ${then}`;
}
