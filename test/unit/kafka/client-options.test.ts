import { expect, test } from '@jest/globals';
import { consumerOptions, producerOptions } from '../../../src/kafka/client-options.ts';

const kafka = {
  brokers: ['kafka:9092'],
  ...{ clientId: 'retries', groupPrefix: 'retries', sessionTimeout: 10_000, maxInFlight: 1 },
};
const optionsWith = (librdkafka: Record<string, string | number | boolean>) => {
  const config = { kafka: { ...kafka, librdkafka } } as never;
  return { producer: producerOptions(config), consumer: consumerOptions(config, 'retries.orders') };
};

test('no setting of the client weakens what the promises rest on', () => {
  const { producer, consumer } = optionsWith({
    ...{ acks: 1, 'enable.idempotence': false, 'max.in.flight.requests.per.connection': 5 },
    ...{
      partitioner: 'random',
      dr_cb: false,
      'enable.auto.commit': true,
      'isolation.level': 'read_uncommitted',
    },
    ...{ 'auto.offset.reset': 'latest', 'partition.assignment.strategy': 'range' },
  });
  expect(producer).toMatchObject({
    ...{ acks: -1, 'enable.idempotence': true, 'max.in.flight.requests.per.connection': 1 },
    ...{ partitioner: 'murmur2_random', dr_cb: true },
  });
  expect(consumer).toMatchObject({
    ...{
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'isolation.level': 'read_committed',
    },
    ...{ 'auto.offset.reset': 'earliest', 'partition.assignment.strategy': 'cooperative-sticky' },
  });
});

test('what is only a preference is taken from there, and so is static membership', () => {
  const { producer, consumer } = optionsWith({ 'linger.ms': 20, 'group.instance.id': 'replica-1' });
  expect(producer['linger.ms']).toBe(20);
  expect(consumer['group.instance.id']).toBe('replica-1');
});
