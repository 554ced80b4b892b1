import type { RouteConfig } from '../config/config.ts';
import type { TopicSettings } from '../kafka/cluster-view.ts';
import { numberOf } from './topics-seen.ts';
import type { TopicSeen, TopicsSeen } from './topics-seen.ts';

/** A topic as it should be. */
export interface TopicPlan {
  readonly topic: string;
  readonly partitions: number;
  /** null: as many as the brokers give by themselves. */
  readonly replicas: number | null;
  readonly settings: TopicSettings;
}

const DAY = 86_400_000;
/** Headers come on top of a message on its way. */
export const HEADROOM = 64 * 1024;
/** Kafka's own default, where the main topic does not say. */
const MAX_MESSAGE_BYTES = 1_048_588;
const MARGIN = 2;

/** The longest that a message may have to wait for its next attempt, ms. */
export function longestBackoff({ backoff }: RouteConfig): number {
  const delay = backoff.kind === 'schedule' ? Math.max(0, ...backoff.delays) : backoff.max;
  return Math.ceil(delay * (1 + backoff.jitter));
}

/** How long a retry record has to be kept, with a margin, ms. */
export function retryRetention(route: RouteConfig): number {
  const wait = Math.max(longestBackoff(route), route.maxAge ?? 0);
  return Math.max(7 * DAY, MARGIN * (wait + route.carryForward.age));
}

export function retryTopicPlan(route: RouteConfig, main: TopicSeen): TopicPlan {
  return {
    topic: route.retryTopic,
    partitions: main.partitions,
    replicas: replicasOf(main),
    settings: { ...common(main), 'retention.ms': String(retryRetention(route)), 'retention.bytes': '-1' },
  };
}

export function deadLetterTopicPlan(route: RouteConfig, main: TopicSeen): TopicPlan {
  return {
    topic: route.deadLetterTopic,
    partitions: main.partitions,
    replicas: replicasOf(main),
    settings: { ...common(main), 'retention.ms': String(30 * DAY) },
  };
}

/** A route's topics that are missing. The main topic is the application's: what is not there can't be planned after it. */
export function missingTopics(route: RouteConfig, topics: TopicsSeen): TopicPlan[] {
  const main = topics.get(route.topic);
  if (main === undefined) return [];
  const plans = [retryTopicPlan(route, main), deadLetterTopicPlan(route, main)];
  if (route.redelivery.topic !== null) {
    const settings = { ...common(main), 'retention.ms': String(numberOf(main, 'retention.ms') ?? 7 * DAY) };
    plans.push({
      topic: route.redelivery.topic,
      partitions: topics.get(route.retryTopic)?.partitions ?? main.partitions,
      replicas: replicasOf(main),
      settings,
    });
  }
  return plans.filter(({ topic }) => !topics.has(topic));
}

/** For lifecycle events: made after the largest main topic, as far as there is one. */
export function eventsTopicPlan(
  topic: string,
  routes: readonly RouteConfig[],
  topics: TopicsSeen,
): TopicPlan[] {
  const mains = routes.flatMap((route) => topics.get(route.topic) ?? []);
  const [largest] = mains.sort((a, b) => b.partitions - a.partitions);
  if (largest === undefined) return [];
  const settings = { ...common(largest), 'retention.ms': String(7 * DAY) };
  return [{ topic, partitions: largest.partitions, replicas: replicasOf(largest), settings }];
}

function common(main: TopicSeen): Record<string, string> {
  const largest = numberOf(main, 'max.message.bytes') ?? MAX_MESSAGE_BYTES;
  const inSync = numberOf(main, 'min.insync.replicas');
  return {
    'cleanup.policy': 'delete',
    'max.message.bytes': String(largest + HEADROOM),
    ...(inSync === null ? {} : { 'min.insync.replicas': String(inSync) }),
    'unclean.leader.election.enable': 'false',
  };
}

function replicasOf(main: TopicSeen): number | null {
  return main.replicas.kind === 'read' ? main.replicas.value : null;
}
