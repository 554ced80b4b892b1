import type { RouteConfig } from '../config/config.ts';
import type { Finding } from './finding.ts';
import type { KafkaCommands } from './kafka-commands.ts';
import type { TopicsSeen } from './topics-seen.ts';

/** Whether the partitions of a route's topics match. */
export function partitionFindings(
  { topic, retryTopic, redelivery, gate }: RouteConfig,
  topics: TopicsSeen,
  kafka: KafkaCommands,
): Finding[] {
  const main = topics.get(topic)?.partitions;
  const shards = topics.get(retryTopic)?.partitions;
  const redelivered = redelivery.topic === null ? undefined : topics.get(redelivery.topic)?.partitions;
  const findings: Finding[] = [];
  const differ = { code: 'partitions-differ' } as const;
  if (main !== undefined && shards !== undefined && main > shards) {
    findings.push({
      ...differ,
      severity: 'error',
      subject: `topic ${retryTopic}`,
      what: `has ${counted(shards)}, and ${topic} has ${String(main)}`,
      cost: `consumers wait at ${numbered(shards, main)} of ${topic}, and the route is degraded`,
      remedy: kafka.grow(retryTopic, main),
    });
  }
  if (main !== undefined && shards !== undefined && main < shards) {
    findings.push({
      ...differ,
      // A gate sends nothing there.
      severity: gate ? 'warning' : 'error',
      subject: `topic ${retryTopic}`,
      what: `has ${counted(shards)}, and ${topic} has only ${String(main)}`,
      cost: `retry records that another tool writes to ${numbered(main, shards)} can not be redelivered`,
      remedy: kafka.grow(topic, shards),
    });
  }
  if (
    redelivery.topic !== null &&
    redelivered !== undefined &&
    shards !== undefined &&
    redelivered < shards
  ) {
    findings.push({
      ...differ,
      severity: 'error',
      subject: `topic ${redelivery.topic}`,
      what: `has ${counted(redelivered)}, and ${retryTopic} has ${String(shards)}`,
      cost: `nothing is redelivered to ${numbered(redelivered, shards)}`,
      remedy: kafka.grow(redelivery.topic, shards),
    });
  }
  return findings;
}

function counted(partitions: number): string {
  return partitions === 1 ? '1 partition' : `${String(partitions)} partitions`;
}

function numbered(from: number, to: number): string {
  return to - from === 1 ? `partition ${String(from)}` : `partitions ${String(from)} to ${String(to - 1)}`;
}
