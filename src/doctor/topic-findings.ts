import type { RouteConfig } from '../config/config.ts';
import type { Read, TopicSettings } from '../kafka/cluster-view.ts';
import { compactions } from '../kafka/compaction.ts';
import { durabilityFindings } from './durability-findings.ts';
import { type Finding, unreadable } from './finding.ts';
import type { KafkaCommands } from './kafka-commands.ts';
import { partitionFindings } from './partition-findings.ts';
import { retentionFindings } from './retention-findings.ts';
import { shownSize } from './shown.ts';
import { HEADROOM, missingTopics } from './topic-plan.ts';
import { numberOf } from './topics-seen.ts';
import type { TopicsSeen } from './topics-seen.ts';

/** What is wrong with the topics of a route. Pure. */
export function topicFindings(route: RouteConfig, topics: TopicsSeen, kafka: KafkaCommands): Finding[] {
  const mine = [...new Set(namesOf(route))];
  return [
    ...mine.flatMap((topic) => missing(route, topic, topics, kafka)),
    ...partitionFindings(route, topics, kafka),
    ...compacted(route, topics, kafka),
    ...retentionFindings(route, topics, kafka),
    ...tooSmall(route, topics, kafka),
    ...mine.flatMap((topic) => durabilityFindings(topic, topics.get(topic), kafka)),
    ...unread(mine, topics),
  ];
}

function namesOf({ topic, retryTopic, deadLetterTopic, redelivery }: RouteConfig): string[] {
  return [topic, retryTopic, deadLetterTopic, ...(redelivery.topic === null ? [] : [redelivery.topic])];
}

function missing(route: RouteConfig, topic: string, topics: TopicsSeen, kafka: KafkaCommands): Finding[] {
  if (topics.has(topic)) return [];
  const plan = missingTopics(route, topics).find((each) => each.topic === topic);
  const remedy =
    plan === undefined
      ? topic === route.topic
        ? 'create it, with as many partitions as its messages need, or mend `topic` of the route'
        : `create ${route.topic} first; doctor --create-topics then makes this one after it`
      : `${kafka.create(plan.topic, plan.partitions, plan.replicas, plan.settings)}   (or: doctor --create-topics)`;
  const cost =
    topic === route.deadLetterTopic
      ? 'keys whose first message is given up wait for it'
      : 'nothing of the route is retried';
  return [
    {
      severity: 'error',
      code: 'topic-missing',
      subject: `topic ${topic}`,
      what: 'does not exist',
      cost,
      remedy,
    },
  ];
}

function compacted(route: RouteConfig, topics: TopicsSeen, kafka: KafkaCommands): Finding[] {
  const settings = new Map<string, Read<TopicSettings>>(
    [...topics].map(([name, seen]) => [name, seen.settings]),
  );
  return compactions(route, settings).map(({ topic, cost }) => ({
    severity: 'error',
    code: 'topic-compacted',
    subject: `topic ${topic}`,
    what: `is compacted (cleanup.policy ${settingOf(settings, topic)})`,
    cost,
    remedy:
      topic === route.topic
        ? 'set redelivery.topic of the route to a topic that is not compacted'
        : kafka.configure(topic, { 'cleanup.policy': 'delete' }),
  }));
}

function settingOf(settings: ReadonlyMap<string, Read<TopicSettings>>, topic: string): string {
  const read = settings.get(topic);
  return read?.kind === 'read' ? (read.value['cleanup.policy'] ?? '') : '';
}

function tooSmall(route: RouteConfig, topics: TopicsSeen, kafka: KafkaCommands): Finding[] {
  const main = numberOf(topics.get(route.topic), 'max.message.bytes');
  if (main === null) return [];
  const needed = main + HEADROOM;
  return [route.retryTopic, route.deadLetterTopic].flatMap((topic): Finding[] => {
    const allowed = numberOf(topics.get(topic), 'max.message.bytes');
    if (allowed === null || allowed >= needed) return [];
    return [
      {
        severity: 'warning',
        code: 'message-size',
        subject: `topic ${topic}`,
        what: `takes messages of ${String(allowed)} bytes; ${route.topic} takes ${String(main)}, and headers come on top`,
        cost: `of a message that is larger than ${shownSize(Math.max(0, allowed - HEADROOM))} only the headers may fit: its value stays in ${route.topic}, and is lost when retention removes it there`,
        remedy: kafka.configure(topic, { 'max.message.bytes': String(needed) }),
      },
    ];
  });
}

function unread(names: readonly string[], topics: TopicsSeen): Finding[] {
  return names.flatMap((name): Finding[] => {
    const seen = topics.get(name);
    if (seen === undefined) return [];
    const right = `grant it DescribeConfigs on topic ${name}`;
    return [
      ...(seen.settings.kind === 'unreadable'
        ? [unreadable(`topic ${name}`, 'its settings', seen.settings.why, right)]
        : []),
      ...(seen.replicas.kind === 'unreadable'
        ? [unreadable(`topic ${name}`, 'its replicas', seen.replicas.why)]
        : []),
    ];
  });
}
