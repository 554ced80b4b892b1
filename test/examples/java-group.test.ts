import { expect, test } from '@jest/globals';
import { Workspace } from '../../dev/stack/workspace.ts';
import { ClusterView } from '../../src/kafka/cluster-view.ts';
import { mavenExample } from '../support/maven-example.ts';
import { OrdersInstance } from '../support/orders-instance.ts';
import { kafkaBrokers } from '../support/stack.ts';
import { createTopics, partitionsOfMembers } from '../support/topics.ts';
import { waitFor } from '../support/wait-for.ts';

test("a group of Java's consumers is described, and nothing ends over what they were assigned", async () => {
  const [topic, group] = ['java-group.orders', 'java-group.application'];
  await createTopics([{ topic, partitions: 2 }]);
  await using workspace = await Workspace.open();
  const environment = {
    ...{ KAFKA_BROKERS: kafkaBrokers.join(','), TOPIC: topic, GROUP_ID: group },
    // Nobody is there: the member waits for its claims.
    RETRY_ORCHESTRATOR_URL: 'http://127.0.0.1:1',
  };
  const instance = new OrdersInstance(workspace, 'instance', await mavenExample('java'), environment);
  await waitFor('a member', async () => (await partitionsOfMembers(group, topic)).length === 1, {
    ...{ within: 120_000, every: 300, state: () => instance.tail() },
  });

  const view = await ClusterView.open({
    kafka: { clientId: 'test', brokers: kafkaBrokers, librdkafka: {} },
  } as unknown as Parameters<typeof ClusterView.open>[0]);
  try {
    const read = await view.group(group);
    expect(read).toMatchObject({ kind: 'read', value: { members: [{ topics: [topic] }] } });
    expect(await view.operationsOnGroup(group)).not.toBeNull();
    expect(await view.group('java-group.nobody')).toEqual({ kind: 'read', value: null });
  } finally {
    await view.close();
  }
  expect(await instance.end('SIGTERM')).toBe('exit 0');
});
