import type { RouteConfig } from '../config/config.ts';
import type { TopicIds } from '../domain/topic-ids.ts';
import type { Topic } from './offsets.ts';

/** What Kafka says of topics, by name; one that does not exist is left out. */
export type Topics = ReadonlyMap<string, Topic>;

/** All topics that a route names. */
export function topicsOf({ topic, retryTopic, deadLetterTopic, redelivery }: RouteConfig): string[] {
  return [topic, retryTopic, deadLetterTopic, ...(redelivery.topic === null ? [] : [redelivery.topic])];
}

export function topicIdsOf({ topic, retryTopic }: RouteConfig, topics: Topics): TopicIds {
  return { retry: topics.get(retryTopic)?.id ?? '', main: topics.get(topic)?.id ?? '' };
}

/** Why a route can't keep its promises with these topics, with what to do about it. Pure. */
export function topicProblems(route: RouteConfig, topics: Topics): string[] {
  const { topic, retryTopic, redelivery } = route;
  const problems = topicsOf(route)
    .filter((name) => !topics.has(name))
    .map((name) => `topic ${name} does not exist; create it`);
  const main = topics.get(topic)?.partitions;
  const shards = topics.get(retryTopic)?.partitions;
  const redelivered = redelivery.topic === null ? undefined : topics.get(redelivery.topic)?.partitions;
  if (main !== undefined && shards !== undefined && main > shards) {
    problems.push(
      `topic ${topic} has ${String(main)} partitions and ${retryTopic} has ${String(shards)}: ` +
        `add partitions to ${retryTopic} until it has ${String(main)}; ` +
        `until then consumers wait at ${numbered(shards, main)}, and the others go on`,
    );
  }
  if (
    redelivery.topic !== null &&
    redelivered !== undefined &&
    shards !== undefined &&
    redelivered < shards
  ) {
    problems.push(
      `topic ${redelivery.topic} has ${String(redelivered)} partitions and ${retryTopic} has ${String(shards)}: ` +
        `add partitions to ${redelivery.topic} until it has ${String(shards)}; ` +
        `until then nothing is redelivered to ${numbered(redelivered, shards)}`,
    );
  }
  return problems;
}

/**
 * A retry topic that is larger than its main topic harms nothing that a gate does, and is how partitions are best added:
 * the retry topic first. But what another tool writes to the rest has nowhere to go.
 */
export function surplusPartitions({ topic, retryTopic }: RouteConfig, topics: Topics): string[] {
  const main = topics.get(topic)?.partitions;
  const shards = topics.get(retryTopic)?.partitions;
  if (main === undefined || shards === undefined || main >= shards) return [];
  return [
    `topic ${topic} has ${String(main)} partitions and ${retryTopic} has ${String(shards)}: ` +
      `add partitions to ${topic} until it has ${String(shards)}; ` +
      `until then retry records in ${numbered(main, shards)} can not be redelivered`,
  ];
}

function numbered(from: number, to: number): string {
  return to - from === 1 ? `partition ${String(from)}` : `partitions ${String(from)} to ${String(to - 1)}`;
}
