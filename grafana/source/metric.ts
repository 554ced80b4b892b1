import type { definitions } from '../../src/metrics/definitions.ts';
import { PREFIX } from '../../src/metrics/metrics.ts';
import type { processDefinitions } from '../../src/metrics/process-definitions.ts';
import type { shardDefinitions } from '../../src/metrics/shard-definitions.ts';

type RouteDefinitions = typeof definitions & typeof shardDefinitions;
type OfRoute = RouteDefinitions[keyof RouteDefinitions];
type OfProcess = (typeof processDefinitions)[keyof typeof processDefinitions];

// What is not defined does not compile.
type RouteMetric = OfRoute['name'];
type ProcessMetric = OfProcess['name'] | RouteMetric;
type RouteHistogram = Extract<OfRoute, { type: 'histogram' }>['name'];
type ProcessHistogram = Extract<OfProcess, { type: 'histogram' }>['name'];

/** Without the label, as outside Kubernetes, `.*` fits as well. */
const NAMESPACE = 'namespace=~"$namespace"';

/** The series of a metric of the chosen routes. */
export function ofRoute(name: RouteMetric, ...more: readonly string[]): string {
  return `${PREFIX}${name}{${[NAMESPACE, 'route=~"$route"', ...more].join(', ')}}`;
}

/** The series of a metric of the chosen processes, of all their routes. */
export function ofProcess(name: ProcessMetric, ...more: readonly string[]): string {
  return `${PREFIX}${name}{${[NAMESPACE, ...more].join(', ')}}`;
}

/** What the runtime says of each process; others export the same names, so combine it with `ours`. */
export function ofRuntime(name: `process_${string}`): string {
  return `${name}{${NAMESPACE}}`;
}

/** Only of our processes. */
export function ours(expr: string): string {
  return `${expr} and on (job, instance) ${ofProcess('shards_owned')}`;
}

/** Per second. */
export function rate(series: string): string {
  return `rate(${series}[$__rate_interval])`;
}

export function sum(series: string, ...by: readonly string[]): string {
  return aggregated('sum', series, by);
}

export function max(series: string, ...by: readonly string[]): string {
  return aggregated('max', series, by);
}

/** The buckets of a histogram of the chosen routes. */
export function buckets(name: RouteHistogram, ...more: readonly string[]): string {
  return ofRoute(name, ...more).replace('{', '_bucket{');
}

/** The buckets of a histogram of the chosen processes. */
export function processBuckets(name: ProcessHistogram, ...more: readonly string[]): string {
  return ofProcess(name, ...more).replace('{', '_bucket{');
}

/** The count of a histogram of the chosen processes. */
export function processCount(name: ProcessHistogram, ...more: readonly string[]): string {
  return ofProcess(name, ...more).replace('{', '_count{');
}

/** The count of a histogram of the chosen routes. */
export function count(name: RouteHistogram, ...more: readonly string[]): string {
  return ofRoute(name, ...more).replace('{', '_count{');
}

/** Below it lies this share of what was observed; `series` are buckets, or their rates. */
export function quantile(share: number, series: string, ...by: readonly string[]): string {
  return `histogram_quantile(${share}, ${sum(series, 'le', ...by)})`;
}

function aggregated(operator: string, series: string, by: readonly string[]): string {
  return by.length === 0 ? `${operator}(${series})` : `${operator} by (${by.join(', ')}) (${series})`;
}
