import { ROUTE } from './service-config.ts';
import { PARTITIONS } from './topics.ts';

/** The service's own figures. */
export interface ServiceFigures {
  readonly locked: number;
  readonly held: number;
  readonly inFlight: number;
  readonly oldestLockSeconds: number;
  /** False while a shard is being restored: then the other figures are without it. */
  readonly isWhole: boolean;
}

/** What is used of the answer about a route. */
interface RouteAnswer {
  readonly shards: readonly { readonly restored: boolean }[];
  readonly problems: readonly string[];
  readonly totals: {
    readonly lockedKeys: number;
    readonly heldMessages: number;
    readonly inFlight: number;
    readonly oldestLockAgeMs: number | null;
  };
}

/** The service as somebody sees it who asks it by HTTP. */
export class ServiceView {
  readonly base: string;

  constructor(base: string) {
    this.base = base;
  }

  /** Whether Kafka and Redis answer, and every shard is assigned and restored: consumers get their claims at once. */
  async isReady(): Promise<boolean> {
    if ((await this.#get('/readyz')) === undefined) return false;
    const route = await this.#route();
    return route?.shards.filter(({ restored }) => restored).length === PARTITIONS;
  }

  /** Of this moment: the gauges of /metrics are a few seconds behind. Undefined while the service does not answer. */
  async figures(): Promise<ServiceFigures | undefined> {
    const route = await this.#route();
    if (route === undefined) return undefined;
    const { lockedKeys, heldMessages, inFlight, oldestLockAgeMs } = route.totals;
    return {
      ...{ locked: lockedKeys, held: heldMessages, inFlight },
      oldestLockSeconds: (oldestLockAgeMs ?? 0) / 1_000,
      isWhole: route.problems.length === 0,
    };
  }

  /** Keys that are locked, the oldest locks first, up to a page of them. */
  async lockedKeys(): Promise<string[] | undefined> {
    const text = await this.#get(`/v1/routes/${ROUTE}/locks?limit=1000`);
    if (text === undefined) return undefined;
    const { locks } = JSON.parse(text) as { locks: { key?: string }[] };
    return locks.map(({ key }) => key ?? '?');
  }

  /** From due time to Kafka's acknowledgement, as the service measured it: the bucket that holds each share, in ms. */
  async releaseLateness(): Promise<{ p50: number; p99: number } | undefined> {
    const metrics = await this.#get('/metrics');
    return metrics === undefined ? undefined : releaseLateness(metrics);
  }

  async #route(): Promise<RouteAnswer | undefined> {
    const text = await this.#get(`/v1/routes/${ROUTE}`);
    return text === undefined ? undefined : (JSON.parse(text) as RouteAnswer);
  }

  async #get(path: string): Promise<string | undefined> {
    try {
      const answer = await fetch(`${this.base}${path}`, { signal: AbortSignal.timeout(5_000) });
      return answer.ok ? await answer.text() : undefined;
    } catch {
      return undefined;
    }
  }
}

export function releaseLateness(metrics: string): { p50: number; p99: number } | undefined {
  const buckets = [
    ...metrics.matchAll(/^retry_orchestrator_release_lateness_seconds_bucket\{(.*)\} (\S+)$/gm),
  ]
    .map(([, labels = '', count]) => ({
      ms: Number((/le="([^"]+)"/.exec(labels)?.[1] ?? '').replace('+Inf', 'Infinity')) * 1_000,
      count: Number(count),
    }))
    .sort((a, b) => a.ms - b.ms);
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return undefined;
  const share = (part: number): number => buckets.find(({ count }) => count >= part * total)?.ms ?? Infinity;
  return { p50: share(0.5), p99: share(0.99) };
}
