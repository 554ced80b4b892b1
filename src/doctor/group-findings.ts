import type { Config, RouteConfig } from '../config/config.ts';
import { groupId } from '../config/config.ts';
import type { Group, GroupMember, Read } from '../kafka/cluster-view.ts';
import type { Range } from '../kafka/offsets.ts';
import { type Finding, unreadable } from './finding.ts';
import type { KafkaCommands } from './kafka-commands.ts';

/** The groups of a route as they are. */
export interface GroupsSeen {
  /** The application's; null: there is none. */
  readonly application: Read<Group | null>;
  /** What it has committed where redeliveries go, by partition. */
  readonly committed: Read<ReadonlyMap<number, number>>;
  /** What there is to read, by partition. */
  readonly ranges: ReadonlyMap<number, Range>;
  /** The service's own. */
  readonly own: Read<Group | null>;
  /** Whether Redis holds anything of the route's shards; null: it does not answer. */
  readonly knownToRedis: boolean | null;
}

export function groupFindings(
  config: Pick<Config, 'kafka' | 'redis'>,
  route: RouteConfig,
  seen: GroupsSeen,
  kafka: KafkaCommands,
): Finding[] {
  return [...ofApplication(route, seen, kafka), ...ofService(config, route, seen, kafka)];
}

function ofApplication(route: RouteConfig, seen: GroupsSeen, kafka: KafkaCommands): Finding[] {
  const { application, committed, ranges } = seen;
  const subject = `group ${route.consumerGroup}`;
  const topic = route.redelivery.topic ?? route.topic;
  const findings: Finding[] = [];
  if (application.kind === 'unreadable') {
    findings.push(unreadable(subject, 'its members', application.why, `grant it Describe on ${subject}`));
  }
  if (committed.kind === 'unreadable') {
    findings.push(unreadable(subject, 'its offsets', committed.why, `grant it Describe on ${subject}`));
  }
  const offsets = committed.kind === 'read' ? committed.value : null;
  const members = application.kind === 'read' ? (application.value?.members ?? []) : null;
  if (offsets?.size === 0) {
    const there = members !== null && members.length > 0;
    findings.push({
      severity: 'warning',
      code: 'group-never-committed',
      subject,
      what: there
        ? `has never committed an offset of ${topic}`
        : 'is not there: it has no members and no offsets',
      cost: 'nothing is known to be handled: without a gate no retry ever counts as done, and a rebuild reads all of the retry topic',
      remedy: there
        ? 'let its consumers commit; a new group does so after its first records'
        : 'start its consumers, or mend `consumerGroup` of the route',
    });
  } else if (members?.length === 0) {
    findings.push({
      severity: 'warning',
      code: 'group-stale',
      subject,
      what: `has no members; it has committed, and ${behind(offsets, ranges)} of ${topic} wait for it`,
      cost: 'retries are sent, and nobody handles them',
      remedy: 'start its consumers, or mend `consumerGroup` of the route',
    });
  }
  const lost = [...(offsets ?? [])].filter(
    ([partition, offset]) => offset < (ranges.get(partition)?.first ?? 0),
  );
  if (lost.length > 0) {
    findings.push({
      severity: 'warning',
      code: 'group-behind-retention',
      subject,
      what: `is behind the first message that is left in ${topic}, in ${String(lost.length)} of its partitions`,
      cost: 'what retention removed was never handled',
      remedy: `give ${topic} a longer retention.ms, or the group more consumers`,
    });
  }
  const strangers = (members ?? []).filter(({ topics }) => topics !== null && !topics.includes(topic));
  if (strangers.length > 0) {
    findings.push({
      severity: 'warning',
      code: 'foreign-members',
      subject,
      what: `has members that do not read ${topic}: ${named(strangers)}`,
      cost: 'another application uses the same group: each of its starts and stops interrupts this one',
      remedy: `give it a group of its own; see ${kafka.members(route.consumerGroup)}`,
    });
  }
  return findings;
}

function ofService(
  config: Pick<Config, 'kafka' | 'redis'>,
  route: RouteConfig,
  { own, knownToRedis }: GroupsSeen,
  kafka: KafkaCommands,
): Finding[] {
  const id = groupId(config, route);
  const subject = `group ${id}`;
  if (own.kind === 'unreadable')
    return [unreadable(subject, 'its members', own.why, `grant it Describe on ${subject}`)];
  const members = own.value?.members ?? [];
  const clientId = String(config.kafka.librdkafka['client.id'] ?? config.kafka.clientId);
  const strangers = members.filter(
    (member) => member.clientId !== clientId || member.topics?.some((topic) => topic !== route.retryTopic),
  );
  if (strangers.length > 0) {
    return [
      {
        severity: 'error',
        code: 'foreign-members',
        subject,
        what: `is the service's own, and has members that are not of it: ${named(strangers)}`,
        cost: 'partitions of the retry topic that go to them have no owner: their messages are not retried',
        remedy: `stop them, or set kafka.groupPrefix to a name of its own; see ${kafka.members(id)}`,
      },
    ];
  }
  if (members.length > 0 && knownToRedis === false) {
    return [
      {
        severity: 'warning',
        code: 'two-installations',
        subject,
        what: `has ${String(members.length)} members, and this Redis holds nothing of the route under ${config.redis.keyPrefix}`,
        cost: 'if that lasts, another installation with another Redis shares the group: each takes the shards from the other',
        remedy:
          'give each installation a kafka.groupPrefix and retry topics of its own; or, if it is the same one, the same redis settings',
      },
    ];
  }
  return [];
}

function behind(committed: ReadonlyMap<number, number> | null, ranges: ReadonlyMap<number, Range>): string {
  let messages = 0;
  for (const [partition, { first, end }] of ranges) {
    messages += Math.max(0, end - Math.max(first, committed?.get(partition) ?? first));
  }
  return messages === 1 ? '1 message' : `${String(messages)} messages`;
}

const NAMED_AT_MOST = 3;

function named(members: readonly GroupMember[]): string {
  const names = members
    .slice(0, NAMED_AT_MOST)
    .map(
      ({ clientId, host, topics }) =>
        `${clientId} at ${host}${topics === null ? '' : ` (${topics.join(', ')})`}`,
    );
  const more = members.length - names.length;
  return names.join('; ') + (more > 0 ? `; and ${String(more)} more` : '');
}
