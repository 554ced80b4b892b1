import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { RouteConfig } from '../config/config.ts';
import type { Logger } from '../logger.ts';
import type { KafkaOffsets } from './offsets.ts';

interface Deps {
  readonly offsets: KafkaOffsets;
  readonly route: RouteConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INTERVAL = 5_000;

/** Looks at a route's topics every few seconds: do they exist, and do their partitions match? */
export class RouteTopics implements Component {
  readonly #deps: Deps;
  readonly #abort = new AbortController();
  #running: Promise<void> | null = null;
  #partitions = 0;
  #deadLetters: number | null = null;
  #problems: readonly string[] = ['Kafka has not said yet what topics it has'];

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    await this.#look();
    this.#running = this.#watch();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'));
    await this.#running;
  }

  /** Of the retry topic: the number of shards. 0 = unknown. */
  get partitions(): number {
    return this.#partitions;
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Records in the dead-letter topic, null = unknown. */
  get deadLetters(): number | null {
    return this.#deadLetters;
  }

  #isStopped(): boolean {
    return this.#abort.signal.aborted;
  }

  async #watch(): Promise<void> {
    while (!this.#isStopped()) {
      await this.#deps.clock.sleep(INTERVAL, this.#abort.signal).catch(() => undefined);
      if (!this.#isStopped()) await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { offsets, route, logger } = this.#deps;
    const { topic, retryTopic, deadLetterTopic, redelivery } = route;
    const names = [
      topic,
      retryTopic,
      deadLetterTopic,
      ...(redelivery.topic === null ? [] : [redelivery.topic]),
    ];
    try {
      const counts = await offsets.partitionCounts(names);
      this.#partitions = counts.get(retryTopic) ?? 0;
      this.#tell(topicProblems(route, counts));
      if ((counts.get(deadLetterTopic) ?? 0) > 0) {
        const ranges = [...(await offsets.ranges(deadLetterTopic)).values()];
        this.#deadLetters = ranges.reduce((sum, { first, end }) => sum + end - first, 0);
      }
    } catch (error) {
      logger.warn({ event: 'topics_unknown', err: error }, 'Kafka did not say what topics it has');
      this.#tell(['Kafka does not answer']);
    }
  }

  #tell(problems: readonly string[]): void {
    for (const problem of problems) {
      if (!this.#problems.includes(problem))
        this.#deps.logger.error({ event: 'route_problem', problem }, problem);
    }
    this.#problems = problems;
  }
}

/** What is wrong with a route's topics, with what to do about it. Pure. */
export function topicProblems(route: RouteConfig, counts: ReadonlyMap<string, number>): string[] {
  const { topic, retryTopic, deadLetterTopic, redelivery } = route;
  const problems: string[] = [];
  for (const name of [topic, retryTopic, deadLetterTopic, redelivery.topic]) {
    if (name !== null && (counts.get(name) ?? 0) === 0)
      problems.push(`topic ${name} does not exist; create it`);
  }
  const shards = counts.get(retryTopic) ?? 0;
  for (const name of [topic, redelivery.topic]) {
    const partitions = name === null ? 0 : (counts.get(name) ?? 0);
    if (name !== null && partitions > 0 && shards > 0 && partitions !== shards) {
      problems.push(
        `topic ${name} has ${String(partitions)} partitions and ${retryTopic} has ${String(shards)}; they must have the same number`,
      );
    }
  }
  return problems;
}
