import { expect, test } from '@jest/globals';
import { consumerOptions, memberOptions } from '../../../src/kafka/client-options.ts';

const kafka = {
  ...{ brokers: ['localhost:9092'], clientId: 'test', groupPrefix: 'test', clusterId: null },
  ...{ sessionTimeout: 10_000, maxInFlight: 1, librdkafka: {} },
};

test('a member has the name that its replica keeps, in the group of every route', () => {
  const config = { kafka: { ...kafka, groupInstanceId: 'retries-0' } };
  for (const group of ['test.orders', 'test.payments']) {
    expect(memberOptions(config, group)).toMatchObject({
      'group.id': group,
      'group.instance.id': 'retries-0',
    });
  }
});

test('without a name it is as ever', () => {
  const config = { kafka: { ...kafka, groupInstanceId: null } };
  expect(memberOptions(config, 'g')).toEqual(consumerOptions(config, 'g'));
});

test('those who only read are no members: a second one would put the first out', () => {
  const config = { kafka: { ...kafka, groupInstanceId: 'retries-0' } };
  expect(consumerOptions(config, 'g')).not.toHaveProperty('group.instance.id');
});
