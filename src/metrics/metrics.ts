import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Definition } from './definition.ts';
import { definitions } from './definitions.ts';
import { processDefinitions } from './process-definitions.ts';
import { createProcessGauges, type ProcessGauges } from './process-gauges.ts';
import { createShardGauges, type ShardGauges } from './shard-gauges.ts';

export const PREFIX = 'retry_orchestrator_';

/** The labels of a definition with the values that it lists. */
type LabelsOf<D extends Definition> = {
  readonly [L in keyof D['labels']]: D['labels'][L] extends readonly (infer Value)[] ? Value : string;
};

interface Instruments<Labels> {
  readonly counter: { inc(labels: Labels, by?: number): void };
  readonly gauge: { set(labels: Labels, value: number): void };
  /** In seconds. */
  readonly histogram: { observe(labels: Labels, value: number): void };
}

type OfRoute<D extends Definition> = Instruments<{ readonly route: string } & LabelsOf<D>>[D['type']];
type OfProcess<D extends Definition> = Instruments<LabelsOf<D>>[D['type']];

/** Those of the process that are told when something happens; the others are read at each scrape. */
const told = {
  buildInfo: processDefinitions.buildInfo,
  eventLoopLag: processDefinitions.eventLoopLag,
  httpRequests: processDefinitions.httpRequests,
  kafkaClientErrors: processDefinitions.kafkaClientErrors,
  redisReconnects: processDefinitions.redisReconnects,
};

export type Metrics = {
  readonly [Name in keyof typeof definitions]: OfRoute<(typeof definitions)[Name]>;
} & {
  readonly [Name in keyof typeof told]: OfProcess<(typeof told)[Name]>;
} & {
  /** What the owner of a shard says about it. */
  readonly gauges: ShardGauges;
  /** What the process says about itself. */
  readonly process: ProcessGauges;
  /** Everything in Prometheus' text format, and the `Content-Type` that belongs to it. */
  expose(): Promise<string>;
  readonly contentType: string;
};

/** What prom-client brings along under a name that Prometheus keeps for counters. The same is there by type, without it. */
const MISNAMED = ['resources', 'handles', 'requests'].map((what) => `nodejs_active_${what}_total`);

interface Identity {
  /** As the configuration calls it; null: it does not. */
  readonly environment?: string | null;
  readonly version?: string;
}

/**
 * The metrics of one service, in a registry of their own, with those of the process (`process_…`, `nodejs_…`).
 *
 * Counters start at 0 for each route and each value of their labels: a rate over the first increment would miss it else.
 */
export function createMetrics(
  routes: readonly string[],
  { environment = null, version = 'unknown' }: Identity = {},
): Metrics {
  const register = new Registry();
  if (environment !== null) register.setDefaultLabels({ environment });
  collectDefaultMetrics({ register });
  for (const name of MISNAMED) register.removeSingleMetric(name);
  const ofRoutes = routes.map((route) => ({ route }));
  const instruments = {
    ...createAll(definitions, ['route'], ofRoutes, register),
    ...createAll(told, [], [{}], register),
  };
  // The one place where the names of the definitions and the instruments made of them are said to belong together.
  const metrics = {
    ...(instruments as unknown as Omit<Metrics, 'gauges' | 'process' | 'expose' | 'contentType'>),
    gauges: createShardGauges(routes, register, PREFIX),
    process: createProcessGauges(register, PREFIX),
    expose: () => register.metrics(),
    contentType: register.contentType,
  };
  metrics.buildInfo.set({ version, node_version: process.versions.node }, 1);
  return metrics;
}

type Labels = Readonly<Record<string, string>>;

function createAll(
  all: Readonly<Record<string, Definition>>,
  common: readonly string[],
  start: readonly Labels[],
  register: Registry,
): Record<string, Counter | Gauge | Histogram> {
  return Object.fromEntries(
    Object.entries(all).map(([name, definition]) => [name, create(definition, common, start, register)]),
  );
}

function create(
  { type, name, help, labels, buckets }: Definition,
  common: readonly string[],
  start: readonly Labels[],
  register: Registry,
): Counter | Gauge | Histogram {
  const options = {
    name: PREFIX + name,
    help,
    labelNames: [...common, ...Object.keys(labels)],
    registers: [register],
  };
  const known = combinations(start, labels);
  switch (type) {
    case 'counter': {
      const counter = new Counter(options);
      for (const each of known) counter.inc(each, 0);
      return counter;
    }
    case 'gauge': {
      const gauge = new Gauge(options);
      for (const each of known) gauge.set(each, 0);
      return gauge;
    }
    case 'histogram': {
      const histogram = new Histogram({ ...options, buckets: [...(buckets ?? [])] });
      for (const each of known) histogram.zero(each);
      return histogram;
    }
  }
}

/** Each of `start` with each value of each label; none where the values of a label are not known beforehand. */
function combinations(start: readonly Labels[], labels: Definition['labels']): Labels[] {
  return Object.entries(labels).reduce<Labels[]>(
    (all, [label, values]) =>
      all.flatMap((each) => (values ?? []).map((value) => ({ ...each, [label]: value }))),
    [...start],
  );
}
