import type { Finding } from './finding.ts';
import type { KafkaCommands } from './kafka-commands.ts';
import { numberOf } from './topics-seen.ts';
import type { TopicSeen } from './topics-seen.ts';

/** Whether Kafka keeps what it has acknowledged when brokers fail. */
export function durabilityFindings(
  topic: string,
  seen: TopicSeen | undefined,
  kafka: KafkaCommands,
): Finding[] {
  if (seen === undefined) return [];
  const subject = `topic ${topic}`;
  const findings: Finding[] = [];
  const inSync = numberOf(seen, 'min.insync.replicas');
  if (seen.replicas.kind === 'read') {
    findings.push(...replicaFindings(topic, seen.replicas.value, inSync, kafka));
  }
  if (seen.settings.kind !== 'read') return findings;
  if (seen.settings.value['unclean.leader.election.enable'] === 'true') {
    findings.push({
      severity: 'warning',
      code: 'unclean-election',
      subject,
      what: 'lets a replica lead that lacks messages (unclean.leader.election.enable true)',
      cost: 'when the leaders of a partition fail, messages that Kafka has acknowledged may be lost',
      remedy: kafka.configure(topic, { 'unclean.leader.election.enable': 'false' }),
    });
  }
  if (seen.settings.value['message.timestamp.type'] === 'LogAppendTime') {
    findings.push({
      severity: 'note',
      code: 'log-append-time',
      subject,
      what: 'has the time of the broker on its messages (message.timestamp.type LogAppendTime)',
      cost: 'the time of a failure is the one at which Kafka took it',
      remedy: '',
    });
  }
  return findings;
}

function replicaFindings(
  topic: string,
  replicas: number,
  inSync: number | null,
  kafka: KafkaCommands,
): Finding[] {
  const subject = `topic ${topic}`;
  if (inSync !== null && replicas < inSync) {
    return [
      {
        severity: 'error',
        code: 'replicas-below-minimum',
        subject,
        what: `has ${counted(replicas)}, and takes messages only while ${String(inSync)} are in sync (min.insync.replicas)`,
        cost: 'nothing can be written to it',
        remedy: kafka.configure(topic, { 'min.insync.replicas': String(Math.max(1, replicas - 1)) }),
      },
    ];
  }
  if (replicas === 1) {
    return [
      {
        severity: 'warning',
        code: 'replicas-one',
        subject,
        what: 'has 1 replica',
        cost: 'its messages are lost with the disk of one broker, and wait while that broker is away',
        remedy: `give it 3 replicas with kafka-reassign-partitions.sh; topics made by --create-topics have as many as the main topic`,
      },
    ];
  }
  if (inSync === 1) {
    return [
      {
        severity: 'warning',
        code: 'insync-one',
        subject,
        what: 'acknowledges what a single replica has (min.insync.replicas 1)',
        cost: 'an acknowledged message is lost with one broker, while the others are behind',
        remedy: kafka.configure(topic, { 'min.insync.replicas': '2' }),
      },
    ];
  }
  if (inSync === replicas) {
    return [
      {
        severity: 'warning',
        code: 'insync-all',
        subject,
        what: `takes messages only while all of its ${counted(replicas)} are in sync (min.insync.replicas)`,
        cost: 'it takes none while one broker is away',
        remedy: kafka.configure(topic, { 'min.insync.replicas': String(replicas - 1) }),
      },
    ];
  }
  return [];
}

function counted(replicas: number): string {
  return replicas === 1 ? '1 replica' : `${String(replicas)} replicas`;
}
