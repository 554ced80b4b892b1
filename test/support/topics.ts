import { execFile } from 'node:child_process';
import RdKafka from '@confluentinc/kafka-javascript';
import { Admin as Viewer } from '@platformatic/kafka';
import { connect, disconnect } from './kafka-clients.ts';
import { kafkaBrokers } from './stack.ts';
import { waitFor } from './wait-for.ts';

const { Kafka, logLevel } = RdKafka.KafkaJS;
type Admin = ReturnType<InstanceType<typeof Kafka>['admin']>;

export interface TopicToCreate {
  readonly topic: string;
  readonly partitions: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** Creates topics, and resolves when the broker names them all to whoever asks. */
export async function createTopics(topics: readonly TopicToCreate[]): Promise<void> {
  await withAdmin(async (admin) => {
    await admin.createTopics({
      topics: topics.map(({ topic, partitions, config = {} }) => ({
        topic,
        numPartitions: partitions,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      })),
    });
    await waitFor('the new topics to be known', async () => {
      const known = await admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
      return known.every(({ partitions }, i) => partitions.length === topics[i]!.partitions);
    });
  });
}

/** Adds partitions, and resolves when the broker names them to whoever asks. */
export async function growTopic(topic: string, partitions: number): Promise<void> {
  const admin = RdKafka.AdminClient.create({ 'metadata.broker.list': kafkaBrokers.join(',') });
  try {
    await new Promise<void>((resolve, reject) => {
      admin.createPartitions(topic, partitions, 10_000, (error: unknown) => {
        if (error) reject(new Error(`${topic} did not grow`, { cause: error }));
        else resolve();
      });
    });
  } finally {
    admin.disconnect();
  }
  await withAdmin((known) =>
    waitFor('the new partitions to be known', async () => {
      const [found] = await known.fetchTopicMetadata({ topics: [topic] });
      return found?.partitions.length === partitions;
    }),
  );
}

/** Deletes topics, and resolves when the broker no longer names them. */
export async function deleteTopics(topics: readonly string[]): Promise<void> {
  await withAdmin(async (admin) => {
    await admin.deleteTopics({ topics: [...topics] });
    await waitFor('the topics to be gone', async () => {
      const known = await admin.listTopics();
      return topics.every((topic) => !known.includes(topic));
    });
  });
}

/** Removes what lies before an offset, as retention would. */
export async function removeRecords(topic: string, partition: number, before: number): Promise<void> {
  await withAdmin((admin) =>
    admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] }),
  );
}

/** The id of the broker that leads each partition, -1 = none does. */
export function leadersOf(topic: string): Promise<number[]> {
  return withAdmin(async (admin) => {
    const [found] = await admin.fetchTopicMetadata({ topics: [topic] });
    const leaders: number[] = [];
    for (const { partitionId, leader } of found?.partitions ?? []) leaders[partitionId] = leader;
    return leaders;
  });
}

/** Deletes a group that nobody is in. In a process of its own: the client has been seen to abort over it. */
export async function deleteGroup(groupId: string): Promise<void> {
  const script = `
    const { Kafka } = require('@confluentinc/kafka-javascript').KafkaJS;
    const [brokers, group] = process.argv.slice(1);
    const admin = new Kafka({ kafkaJS: { brokers: brokers.split(',') } }).admin();
    admin.connect().then(() => admin.deleteGroups([group])).then(() => console.log('deleted'), (error) => {
      console.log(error.groups?.[0]?.error?.message ?? error.message);
    }).then(() => process.kill(process.pid, 'SIGKILL'));`;
  await waitFor(`${groupId} to be deleted`, async () => {
    const args = ['-e', script, kafkaBrokers.join(','), groupId];
    const printed = await new Promise<string>((resolve) => {
      execFile(process.execPath, args, { cwd: import.meta.dirname }, (_error, stdout) => {
        resolve(stdout);
      });
    });
    if (!printed.includes('deleted')) throw new Error(printed);
    return true;
  });
}

/** Moves a group that nobody is in, by hand. */
export async function commitByHand(
  groupId: string,
  offsets: readonly { topic: string; partition: number; offset: number }[],
): Promise<void> {
  const consumer = new RdKafka.KafkaConsumer({
    'metadata.broker.list': kafkaBrokers.join(','),
    'group.id': groupId,
    'enable.auto.commit': false,
  });
  await connect(consumer);
  try {
    consumer.commitSync([...offsets]);
  } finally {
    await disconnect(consumer);
  }
}

/** What a group has committed in a partition; -1: nothing. */
export function committedOffset(groupId: string, topic: string, partition: number): Promise<number> {
  return withAdmin(async (admin) => {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return Number(found?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
  });
}

async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({
    kafkaJS: { brokers: kafkaBrokers, logLevel: logLevel.NOTHING },
  }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Sets settings of a topic that is there. */
export async function configureTopic(
  topic: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  await withViewer((viewer) =>
    viewer.incrementalAlterConfigs({
      resources: [
        {
          resourceType: 2,
          resourceName: topic,
          configs: Object.entries(settings).map(([name, value]) => ({ name, configOperation: 0, value })),
        },
      ],
    }),
  );
}

/** The groups whose names begin so. */
export async function groupsNamed(prefix: string): Promise<string[]> {
  const groups = await withViewer((viewer) => viewer.listGroups({ types: ['classic', 'consumer'] }));
  return [...groups.keys()].filter((id) => id.startsWith(prefix));
}

/** A client that can do what the one of the service can't. */
async function withViewer<T>(work: (viewer: Viewer) => Promise<T>): Promise<T> {
  const viewer = new Viewer({ clientId: 'test', bootstrapBrokers: [...kafkaBrokers] });
  try {
    return await work(viewer);
  } finally {
    await viewer.close();
  }
}

/**
 * How many partitions of a topic each member of a group has; empty while its members are changing. In a process of its own:
 * the client has been seen to crash over it, and the other one can't read what Java's members were assigned.
 */
export async function partitionsOfMembers(groupId: string, topic: string): Promise<number[]> {
  const script = `
    const { Kafka, ConsumerGroupStates } = require('@confluentinc/kafka-javascript').KafkaJS;
    const [brokers, group, topic] = process.argv.slice(1);
    const admin = new Kafka({ kafkaJS: { brokers: brokers.split(',') } }).admin();
    const own = ({ assignment }) => assignment.topicPartitions.filter((one) => one.topic === topic).length;
    admin.connect().then(() => admin.describeGroups([group])).then(({ groups: [found] }) => {
      const members = found.state === ConsumerGroupStates.STABLE ? found.members : [];
      console.log('shares ' + JSON.stringify(members.map(own)));
    }).catch(() => undefined).then(() => process.kill(process.pid, 'SIGKILL'));`;
  const args = ['-e', script, kafkaBrokers.join(','), groupId, topic];
  const printed = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: import.meta.dirname, timeout: 20_000 }, (_error, stdout) => {
      resolve(stdout);
    });
  });
  const [, shares = '[]'] = /^shares (.*)$/m.exec(printed) ?? [];
  return JSON.parse(shares) as number[];
}
