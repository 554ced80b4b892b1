import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { type Definition, definitions } from './definitions.ts';
import { createShardGauges, type ShardGauges } from './shard-gauges.ts';

export const PREFIX = 'retry_orchestrator_';

/** The labels of a metric: `route`, and those of its definition with the values that it lists. */
type LabelsOf<D extends Definition> = { readonly route: string } & {
  readonly [L in keyof D['labels']]: D['labels'][L] extends readonly (infer Value)[] ? Value : string;
};

interface Instruments<Labels> {
  readonly counter: { inc(labels: Labels, by?: number): void };
  readonly gauge: { set(labels: Labels, value: number): void };
  /** In seconds. */
  readonly histogram: { observe(labels: Labels, value: number): void };
}

type Instrument<D extends Definition> = Instruments<LabelsOf<D>>[D['type']];

export type Metrics = {
  readonly [Name in keyof typeof definitions]: Instrument<(typeof definitions)[Name]>;
} & {
  /** What the owner of a shard says about it. */
  readonly gauges: ShardGauges;
  /** Everything in Prometheus' text format, and the `Content-Type` that belongs to it. */
  expose(): Promise<string>;
  readonly contentType: string;
};

/**
 * The metrics of one service, in a registry of their own, with those of the process (`process_…`, `nodejs_…`).
 *
 * Counters start at 0 for each route and each value of their labels: a rate over the first increment would miss it else.
 */
export function createMetrics(routes: readonly string[], environment: string | null = null): Metrics {
  const register = new Registry();
  if (environment !== null) register.setDefaultLabels({ environment });
  collectDefaultMetrics({ register });
  const instruments = Object.fromEntries(
    Object.entries<Definition>(definitions).map(([name, definition]) => [
      name,
      create(definition, routes, register),
    ]),
  );
  return {
    // The one place where the names of the definitions and the instruments made of them are said to belong together.
    ...(instruments as unknown as Omit<Metrics, 'gauges' | 'expose' | 'contentType'>),
    gauges: createShardGauges(routes, register, PREFIX),
    expose: () => register.metrics(),
    contentType: register.contentType,
  };
}

function create(
  { type, name, help, labels, buckets }: Definition,
  routes: readonly string[],
  register: Registry,
): Counter | Gauge | Histogram {
  const options = {
    name: PREFIX + name,
    help,
    labelNames: ['route', ...Object.keys(labels)],
    registers: [register],
  };
  const start = combinations(routes, labels);
  switch (type) {
    case 'counter': {
      const counter = new Counter(options);
      for (const each of start) counter.inc(each, 0);
      return counter;
    }
    case 'gauge': {
      const gauge = new Gauge(options);
      for (const each of start) gauge.set(each, 0);
      return gauge;
    }
    case 'histogram': {
      const histogram = new Histogram({ ...options, buckets: [...(buckets ?? [])] });
      for (const each of start) histogram.zero(each);
      return histogram;
    }
  }
}

/** Each route with each value of each label; none where the values of a label are not known beforehand. */
function combinations(routes: readonly string[], labels: Definition['labels']): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (all, [label, values]) =>
      all.flatMap((each) => (values ?? []).map((value) => ({ ...each, [label]: value }))),
    routes.map((route) => ({ route })),
  );
}
