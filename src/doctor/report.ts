import type { Cluster } from '../kafka/cluster-view.ts';
import type { Finding, Severity } from './finding.ts';

/** All that was found. */
export interface Report {
  /** null: Kafka does not answer, or it could not be read. */
  readonly cluster: Cluster | null;
  readonly findings: readonly RoutedFinding[];
}

export interface RoutedFinding extends Finding {
  /** null: it concerns them all. */
  readonly route: string | null;
}

const MARKS: Readonly<Record<Severity, string>> = { error: '✗', warning: '!', note: '·' };
const ORDER: readonly Severity[] = ['error', 'warning', 'note'];

/** For people: the worst first. */
export function shownReport({ cluster, findings }: Report, routes: number): string {
  const lines = ORDER.flatMap((severity) => findings.filter((each) => each.severity === severity)).flatMap(
    shown,
  );
  const head =
    cluster === null
      ? []
      : [
          `Kafka cluster ${cluster.id}: ${cluster.brokers.map(({ host, port }) => `${host}:${String(port)}`).join(', ')}`,
        ];
  return [...head, ...lines, conclusion(findings, routes), ''].join('\n');
}

/** For programs. */
export function jsonReport({ cluster, findings }: Report, created: readonly string[]): string {
  return `${JSON.stringify({ ok: !hasErrors(findings), counts: countsOf(findings), cluster, created, findings }, null, 2)}\n`;
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}

function shown({ severity, route, subject, what, cost, remedy }: RoutedFinding): string[] {
  return [
    `${MARKS[severity]} ${route === null ? '' : `route ${route}: `}${subject}${/^(its|the) /.test(what) ? ':' : ''} ${what}`,
    ...(cost === '' ? [] : [`    costs: ${cost}`]),
    ...(remedy === '' ? [] : [`    mend:  ${remedy}`]),
  ];
}

function conclusion(findings: readonly Finding[], routes: number): string {
  const counts = countsOf(findings);
  const rest = ORDER.filter((severity) => counts[severity] > 0)
    .map((severity) => `${String(counts[severity])} ${severity}${counts[severity] === 1 ? '' : 's'}`)
    .join(', ');
  if (counts.error > 0) return `✗ ${rest}: promises break`;
  const fine = `✓ Redis and the topics of ${String(routes)} route(s) are as they should be`;
  return counts.warning > 0 ? `✓ no promise is broken; ${rest}` : `${fine}${rest === '' ? '' : ` (${rest})`}`;
}

function countsOf(findings: readonly Finding[]): Record<Severity, number> {
  const of = (severity: Severity): number => findings.filter((each) => each.severity === severity).length;
  return { error: of('error'), warning: of('warning'), note: of('note') };
}
