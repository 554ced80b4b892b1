import type { Static } from 'typebox';
import { keyFields } from '../../../domain/key-fields.ts';
import type { StoredRedrive } from '../../../redrive/redrive-store.ts';
import type { FilterFields } from '../../../redrive/selection.ts';
import type { RedriveSummary, RedriveView } from './schemas.ts';

/** A redrive as the API shows it. Neither payloads nor what they were edited to. */
export function redriveSummary(route: string, stored: StoredRedrive): Static<typeof RedriveSummary> {
  const { redrive, progress, state } = stored;
  const { id, who, reason, createdAt, selection, dryRun, edited, maxPerSecond, cutoff } = redrive;
  const { examined, total, matched, published, skipped, undeliverable } = progress;
  const running = state === 'running' && progress.startedAt !== null;
  return {
    ...{ id, route, state, who, reason, createdAt },
    startedAt: progress.startedAt,
    finishedAt: progress.end?.at ?? null,
    positions: selection.kind === 'positions' ? selection.count : null,
    filter: selection.kind === 'filter' ? filterFields(selection.filter) : null,
    all: selection.kind === 'all',
    ...{ dryRun, edited, maxPerSecond },
    cutoff: cutoff.map((offset, partition) => ({ partition, offset })),
    progress: { examined, total, matched, published, skipped, undeliverable },
    perSecond: running ? Math.round(progress.perSecond * 10) / 10 : 0,
    estimatedEnd: running ? estimatedEnd(stored) : null,
    waitingFor: running ? progress.waitingFor : null,
    error: progress.end?.error ?? null,
  };
}

export function redriveView(route: string, stored: StoredRedrive): Static<typeof RedriveView> {
  return { ...redriveSummary(route, stored), problems: [...stored.progress.problems] };
}

/** By how fast it goes through the dead-letter topic. */
function estimatedEnd({ progress }: StoredRedrive): number | null {
  const { examined, total, examinedPerSecond, at } = progress;
  if (examinedPerSecond <= 0) return null;
  return Math.round(at + ((total - examined) * 1_000) / examinedPerSecond);
}

function filterFields({ keyBase64, ...rest }: FilterFields) {
  return { ...rest, ...(keyBase64 === undefined ? {} : keyFields(Buffer.from(keyBase64, 'base64'))) };
}
