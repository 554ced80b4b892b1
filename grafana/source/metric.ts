import type { definitions } from '../../src/metrics/definitions.ts';
import { PREFIX } from '../../src/metrics/metrics.ts';
import type { processDefinitions } from '../../src/metrics/process-definitions.ts';
import type { shardDefinitions } from '../../src/metrics/shard-definitions.ts';

type Definitions = typeof definitions & typeof shardDefinitions & typeof processDefinitions;

/** A metric as it is defined; what is not there does not compile. */
export type MetricName = Definitions[keyof Definitions]['name'];
type HistogramName = Extract<Definitions[keyof Definitions], { type: 'histogram' }>['name'];

/** Without the label, as outside Kubernetes, `.*` fits as well. */
const NAMESPACE = 'namespace=~"$namespace"';

/** The series of a metric of the chosen routes. */
export function ofRoute(name: MetricName, ...more: readonly string[]): string {
  return `${PREFIX}${name}{${[NAMESPACE, 'route=~"$route"', ...more].join(', ')}}`;
}

/** The series of a metric that belongs to a process, not to a route. */
export function ofProcess(name: MetricName, ...more: readonly string[]): string {
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
export function buckets(name: HistogramName, ...more: readonly string[]): string {
  return ofRoute(name, ...more).replace('{', '_bucket{');
}

/** The count of a histogram of the chosen routes. */
export function count(name: HistogramName, ...more: readonly string[]): string {
  return ofRoute(name, ...more).replace('{', '_count{');
}

/** Below it lies this share of what was observed; `series` are buckets, or their rates. */
export function quantile(share: number, series: string, ...by: readonly string[]): string {
  return `histogram_quantile(${share}, ${sum(series, 'le', ...by)})`;
}

function aggregated(operator: string, series: string, by: readonly string[]): string {
  return by.length === 0 ? `${operator}(${series})` : `${operator} by (${by.join(', ')}) (${series})`;
}
