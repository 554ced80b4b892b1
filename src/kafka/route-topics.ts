import type { Clock } from '../clock.ts';
import type { Component } from '../component.ts';
import type { RouteConfig } from '../config/config.ts';
import type { TopicIds } from '../domain/topic-ids.ts';
import type { Logger } from '../logger.ts';
import { Recurring } from '../recurring.ts';
import { Trouble } from '../trouble.ts';
import type { KafkaOffsets, Range } from './offsets.ts';
import type { Topics } from './topic-problems.ts';
import { surplusPartitions, topicIdsOf, topicProblems, topicsOf } from './topic-problems.ts';

interface Deps {
  readonly offsets: Pick<KafkaOffsets, 'topics' | 'ranges'>;
  readonly route: RouteConfig;
  /** After each look, what they are now; '' = not there, or the broker does not say. */
  readonly onIds: (ids: TopicIds) => void;
  /** After each look, the dead-letter topic; null: it is not there. */
  readonly onDeadLetters: (
    topic: { readonly id: string; readonly ranges: Map<number, Range> } | null,
  ) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INTERVAL = 5_000;
/** Whoever asks for a look sooner gets the last one if it is not older than this. */
const FRESH = 1_000;
const UNKNOWN = 'Kafka has not said yet what topics it has';

/**
 * Looks at a route's topics every few seconds: do they exist, and do their partitions match? What is wrong is logged when
 * it begins and when it is over. While Kafka does not answer, what it said last stands.
 */
export class RouteTopics implements Component {
  readonly #deps: Deps;
  readonly #looks: Recurring;
  readonly #silence: Trouble;
  #looking: Promise<void> | null = null;
  #lookedAt = -Infinity;
  #partitions = 0;
  #mainPartitions = 0;
  #problems: readonly string[] = [UNKNOWN];
  #surplus: readonly string[] = [];

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#silence = new Trouble(deps.logger);
    this.#looks = new Recurring({ interval: INTERVAL, look: () => this.#look(), clock: deps.clock });
  }

  async start(): Promise<void> {
    await this.#look();
    await this.#looks.start();
  }

  async stop(): Promise<void> {
    await this.#looks.stop();
    await this.#looking;
  }

  /** Of the retry topic: the number of shards. 0 = unknown. A topic that was deleted has those that it had. */
  get partitions(): number {
    return this.#partitions;
  }

  /** Of the main topic, likewise. */
  get mainPartitions(): number {
    return this.#mainPartitions;
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Looks now, unless that was done a moment ago. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#deps.clock.monotonic() - this.#lookedAt >= FRESH) await this.#look();
  }

  #look(): Promise<void> {
    this.#looking ??= this.#ask().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #ask(): Promise<void> {
    const { offsets, route, clock, onDeadLetters } = this.#deps;
    try {
      const topics = await offsets.topics(topicsOf(route));
      this.#lookedAt = clock.monotonic();
      this.#silence.over('topics_known', 'Kafka says again what topics it has');
      this.#partitions = topics.get(route.retryTopic)?.partitions ?? this.#partitions;
      this.#mainPartitions = topics.get(route.topic)?.partitions ?? this.#mainPartitions;
      this.#judge(topics);
      this.#deps.onIds(topicIdsOf(route, topics));
      const deadLetters = topics.get(route.deadLetterTopic);
      onDeadLetters(
        deadLetters === undefined
          ? null
          : { id: deadLetters.id, ranges: await offsets.ranges(route.deadLetterTopic) },
      );
    } catch (error) {
      this.#silence.met(
        { event: 'topics_unknown', err: error },
        'Kafka did not say what topics it has; asking again',
      );
    }
  }

  #judge(topics: Topics): void {
    const { route, logger } = this.#deps;
    const problems = topicProblems(route, topics);
    for (const problem of problems) {
      if (!this.#problems.includes(problem)) logger.error({ event: 'route_degraded', problem }, problem);
    }
    if (problems.length === 0 && this.#problems.some((problem) => problem !== UNKNOWN))
      logger.info({ event: 'route_recovered' }, 'the topics of the route are as they should be again');
    this.#problems = problems;

    const surplus = surplusPartitions(route, topics);
    for (const each of surplus) {
      if (!this.#surplus.includes(each)) logger.warn({ event: 'retry_topic_larger' }, each);
    }
    this.#surplus = surplus;
  }
}
