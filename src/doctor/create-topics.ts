import type { ClusterView } from '../kafka/cluster-view.ts';
import type { Foundation } from './examination.ts';
import { KafkaCommands } from './kafka-commands.ts';
import { readTopics } from './read-topics.ts';
import { shownDuration } from './shown.ts';
import { eventsTopicPlan, missingTopics } from './topic-plan.ts';
import type { TopicPlan } from './topic-plan.ts';
import { topicsOf } from '../kafka/topic-problems.ts';

const KNOWN_WITHIN = 10_000;
const LOOK_AGAIN = 100;

/** Topics that are missing, as they should be; what exists is left as it is. @throws where Kafka does not answer. */
export async function plannedTopics({ config, offsets, view }: Foundation): Promise<TopicPlan[]> {
  if (offsets.kind === 'unreadable') throw new Error(`Kafka ${offsets.why}`);
  const { topic: events } = config.events;
  const names = [...config.routes.flatMap(topicsOf), ...(events === null ? [] : [events])];
  const topics = await readTopics(names, offsets.value, view);
  const plans = config.routes.flatMap((route) => missingTopics(route, topics));
  if (events !== null && !topics.has(events)) plans.push(...eventsTopicPlan(events, config.routes, topics));
  // Two routes may share a dead-letter topic.
  return [...new Map(plans.map((plan) => [plan.topic, plan])).values()];
}

/** Creates one and answers what was done; resolves when the brokers name it. @throws where Kafka refuses. */
export async function createTopic(plan: TopicPlan, { offsets, view, clock }: Foundation): Promise<string> {
  if (offsets.kind === 'unreadable') throw new Error(`Kafka ${offsets.why}`);
  await creator(view).create(plan);
  const deadline = clock.monotonic() + KNOWN_WITHIN;
  while (!(await offsets.value.topics([plan.topic])).has(plan.topic) && clock.monotonic() < deadline) {
    await clock.sleep(LOOK_AGAIN);
  }
  const { partitions, replicas, settings } = plan;
  const kept = Number(settings['retention.ms']);
  const copies = replicas === null ? '' : `, ${String(replicas)} replica${replicas === 1 ? '' : 's'}`;
  return `created ${plan.topic}: ${String(partitions)} partition${partitions === 1 ? '' : 's'}${copies}, retention ${shownDuration(kept)}, at most ${String(settings['max.message.bytes'])} bytes a message`;
}

function creator(view: Foundation['view']): ClusterView {
  if (view.kind === 'read') return view.value;
  throw new Error(`topics could not be created: ${view.why}; use the commands of --dry-run`);
}

/** The same by Kafka's own tools. */
export function commandsFor(plans: readonly TopicPlan[], brokers: readonly string[]): string[] {
  const kafka = new KafkaCommands(brokers);
  return plans.map(({ topic, partitions, replicas, settings }) =>
    kafka.create(topic, partitions, replicas, settings),
  );
}
