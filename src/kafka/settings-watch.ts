import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { RouteConfig } from '../config/config.ts';
import type { Logger } from '../logger.ts';
import { Recurring } from '../recurring.ts';
import { briefly } from './briefly.ts';
import type { ClusterView, Read, TopicSettings } from './cluster-view.ts';
import { whyOf } from './cluster-view.ts';
import { compactions } from './compaction.ts';
import { topicsOf } from './topic-problems.ts';
import type { Topics } from './topic-problems.ts';

type Settings = ReadonlyMap<string, Read<TopicSettings>>;

interface Deps {
  readonly routes: readonly RouteConfig[];
  readonly topics: (names: readonly string[]) => Promise<Topics>;
  readonly open: () => Promise<Pick<ClusterView, 'settings' | 'close'>>;
  /** The first look is over: what was held back may go. */
  readonly onKnown: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long releases wait for the first look. A broker that does not answer by then may be older, or not allow it. */
const PATIENCE = 3_000;
const INTERVAL = 60_000;
const WHILE_REFUSED = 5_000;

/**
 * Looks at how the topics of all routes are configured, at start and once a minute. A route whose retries would be
 * compacted, or would be sent to a compacted topic, releases nothing and says so; the others go on. Where Kafka does not
 * tell, that is said once, and `doctor` says more.
 */
export class SettingsWatch implements Component {
  readonly #deps: Deps;
  readonly #looks: Recurring;
  #startedAt = 0;
  #known = false;
  #problems = new Map<string, readonly string[]>();
  #unread = new Set<string>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#looks = new Recurring({
      ...{ interval: INTERVAL, atOnce: true, clock: deps.clock },
      look: (signal) => this.#watch(signal),
    });
  }

  /** Does not wait for an answer: gates are not to be kept waiting. */
  start(): Promise<void> {
    this.#startedAt = this.#deps.clock.monotonic();
    return this.#looks.start();
  }

  stop(): Promise<void> {
    return this.#looks.stop();
  }

  /** Why nothing of the route may be released, one line each. */
  problems(route: string): readonly string[] {
    return this.#problems.get(route) ?? [];
  }

  /** Nothing of the route may be released now: there is a problem, or Kafka has not answered yet. */
  holds(route: string): boolean {
    if (this.problems(route).length > 0) return true;
    return !this.#known && this.#deps.clock.monotonic() - this.#startedAt < PATIENCE;
  }

  /** In how many ms to look again. */
  async #watch(signal: AbortSignal): Promise<number> {
    await this.#look(signal);
    if (!this.#known) {
      this.#known = true;
      this.#deps.onKnown();
    }
    return this.#problems.size > 0 ? WHILE_REFUSED : INTERVAL;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { routes, topics, logger } = this.#deps;
    try {
      const names = [...new Set(routes.flatMap(topicsOf))];
      const there = [...(await topics(names)).keys()];
      const settings = await this.#settings(there, signal);
      for (const [name, read] of settings) if (read.kind === 'unreadable') this.#warn(name, read.why);
      for (const route of routes) this.#judge(route, settings);
    } catch (error) {
      // Kafka is away, which others tell; what it said last stands.
      logger.debug({ event: 'topic_settings_unknown', err: error }, 'Kafka did not say how topics are set');
    }
  }

  /** Unreadable, all of them, where the second client can not be made of these settings. */
  async #settings(names: readonly string[], signal: AbortSignal): Promise<Settings> {
    const view = await this.#deps.open().catch(whyOf);
    if (typeof view === 'string')
      return new Map(names.map((name) => [name, { kind: 'unreadable', why: view }]));
    return briefly(view, () => view.settings(names), signal);
  }

  #warn(topic: string, why: string): void {
    if (this.#unread.has(topic)) return;
    this.#unread.add(topic);
    this.#deps.logger.warn(
      { event: 'topic_settings_unread', topic, why },
      'how a topic is set could not be read, so nobody looks whether it is compacted; doctor says more',
    );
  }

  #judge(route: RouteConfig, settings: Settings): void {
    const { logger } = this.#deps;
    const before = this.problems(route.name);
    const problems = compactions(route, settings)
      .filter(({ stopsRetries }) => stopsRetries)
      .map(
        ({ topic, cost }) =>
          `topic ${topic} is compacted: ${cost}; nothing of the route is released until cleanup.policy is delete`,
      );
    for (const problem of problems) {
      if (before.includes(problem)) continue;
      logger.error({ event: 'route_degraded', route: route.name, problem }, problem);
    }
    if (before.length > 0 && problems.length === 0) {
      logger.info(
        { event: 'route_recovered', route: route.name },
        'no topic of the route is compacted any more',
      );
    }
    if (problems.length > 0) this.#problems.set(route.name, problems);
    else this.#problems.delete(route.name);
  }
}
