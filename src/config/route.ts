import type { BackoffPolicy } from '../domain/backoff.ts';
import type { RouteConfig } from './config.ts';
import { asMap, type Reading, readSection } from './read-section.ts';
import type { ValuesOf } from './schema.ts';
import { routeSettings } from './settings/route.ts';

type RouteValues = ValuesOf<typeof routeSettings>;

/** Reads one entry of `routes`. Like `readSection`: only to be used when no problem was reported. */
export function readRoute(written: unknown, path: string, reading: Reading): RouteConfig {
  const values = readSection(routeSettings, written, path, reading);
  const writtenBackoff = asMap(asMap(written)?.['backoff']) ?? {};
  return {
    ...values,
    retryTopic: values.retryTopic ?? `${values.topic}.retry`,
    deadLetterTopic: values.deadLetterTopic ?? `${values.topic}.dlq`,
    gate: values.gate && values.ordering === 'key',
    backoff: decideBackoff(values.backoff, writtenBackoff, `${path}.backoff`, reading),
  };
}

const EXPONENTIAL_ONLY = ['initial', 'multiplier', 'max'];

function decideBackoff(
  { schedule, initial, multiplier, max, jitter }: RouteValues['backoff'],
  written: Readonly<Record<string, unknown>>,
  path: string,
  reading: Reading,
): BackoffPolicy {
  const besides = EXPONENTIAL_ONLY.filter((name) => written[name] !== undefined);
  if (written['schedule'] !== undefined && written['schedule'] !== null) {
    if (besides.length > 0) {
      reading.problem(path, `has a schedule and ${besides.join(', ')}; keep the one or the other`);
    }
    return { kind: 'schedule', delays: schedule ?? [], jitter };
  }
  if (max < initial) reading.problem(`${path}.max`, 'is shorter than initial; make it at least as long');
  return { kind: 'exponential', initial, multiplier, max, jitter };
}
