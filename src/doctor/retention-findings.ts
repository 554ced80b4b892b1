import type { RouteConfig } from '../config/config.ts';
import { isCompacted } from '../kafka/compaction.ts';
import type { Finding } from './finding.ts';
import type { KafkaCommands } from './kafka-commands.ts';
import { shownDuration, shownSize } from './shown.ts';
import { longestBackoff, retryRetention } from './topic-plan.ts';
import { numberOf } from './topics-seen.ts';
import type { TopicsSeen } from './topics-seen.ts';

const DAY = 86_400_000;

/** Whether Kafka keeps messages for as long as they wait. */
export function retentionFindings(route: RouteConfig, topics: TopicsSeen, kafka: KafkaCommands): Finding[] {
  return [...ofRetryTopic(route, topics, kafka), ...ofDeadLetterTopic(route, topics, kafka)];
}

function ofRetryTopic(route: RouteConfig, topics: TopicsSeen, kafka: KafkaCommands): Finding[] {
  const subject = `topic ${route.retryTopic}`;
  const seen = topics.get(route.retryTopic);
  if (seen?.settings.kind !== 'read' || isCompacted(seen.settings.value)) return [];
  const [time, bytes] = [numberOf(seen, 'retention.ms'), numberOf(seen, 'retention.bytes')];
  const remedy = kafka.configure(route.retryTopic, { 'retention.ms': String(retryRetention(route)) });
  const findings: Finding[] = [];
  if (time === -1 && bytes === -1) findings.push(endless(subject, remedy));
  const short = time === null || time < 0 ? null : shortage(route, time);
  if (short !== null) {
    findings.push({
      ...short,
      code: 'retention-short',
      subject,
      cost: `messages that wait for longer, or while the service is down for so long, are lost`,
      remedy,
    });
  }
  if (bytes !== null && bytes >= 0) {
    findings.push({
      severity: 'warning',
      code: 'retention-by-size',
      subject,
      what: `keeps at most ${shownSize(bytes)} of each partition (retention.bytes)`,
      cost: 'in a burst of failures Kafka removes messages that still wait, however young they are',
      remedy: kafka.configure(route.retryTopic, { 'retention.bytes': '-1' }),
    });
  }
  return findings;
}

/** What is worse is said. */
function shortage(route: RouteConfig, retention: number): Pick<Finding, 'severity' | 'what'> | null {
  const kept = `keeps messages for ${shownDuration(retention)} (retention.ms)`;
  const { age } = route.carryForward;
  const backoff = longestBackoff(route);
  // A copy is made at that age; it has to be made in time.
  if (retention < 2 * age) {
    return {
      severity: 'error',
      what: `${kept}: not twice carryForward.age (${shownDuration(age)}), after which waiting messages are written anew`,
    };
  }
  if (retention < backoff) {
    return { severity: 'error', what: `${kept}: less than the longest backoff (${shownDuration(backoff)})` };
  }
  if (route.maxAge !== null && retention < route.maxAge) {
    return { severity: 'error', what: `${kept}: less than maxAge (${shownDuration(route.maxAge)})` };
  }
  const wait = Math.max(backoff, route.maxAge ?? 0);
  if (retention >= wait + age) return null;
  return {
    severity: 'warning',
    what: `${kept}: with no room for carryForward.age above ${shownDuration(wait)}, the longest that a message waits`,
  };
}

function ofDeadLetterTopic(route: RouteConfig, topics: TopicsSeen, kafka: KafkaCommands): Finding[] {
  const seen = topics.get(route.deadLetterTopic);
  const time = numberOf(seen, 'retention.ms');
  const subject = `topic ${route.deadLetterTopic}`;
  const remedy = kafka.configure(route.deadLetterTopic, { 'retention.ms': String(30 * DAY) });
  if (time === null) return [];
  if (time === -1) return numberOf(seen, 'retention.bytes') === -1 ? [endless(subject, remedy)] : [];
  if (time >= 7 * DAY) return [];
  return [
    {
      severity: 'warning',
      code: 'retention-short',
      subject,
      what: `keeps dead letters for ${shownDuration(time)} (retention.ms)`,
      cost: 'what nobody has looked at by then is gone: a long weekend is enough',
      remedy,
    },
  ];
}

function endless(subject: string, remedy: string): Finding {
  return {
    severity: 'warning',
    code: 'retention-none',
    subject,
    what: 'keeps everything for ever (retention.ms -1, retention.bytes -1)',
    cost: 'it grows until the disks of the brokers are full',
    remedy,
  };
}
