import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KafkaJS } from '@confluentinc/kafka-javascript';
import { Redis } from 'ioredis';
import { kafkaBrokers, redisUrl } from '../../support/stack.ts';

describe('the stack of a test run', () => {
  const admin = new KafkaJS.Kafka({ kafkaJS: { brokers: kafkaBrokers } }).admin();

  beforeAll(() => admin.connect());
  afterAll(() => admin.disconnect());

  test('has a Kafka that creates topics when told to', async () => {
    const topic = `stack-test-${process.pid}`;
    await expect(admin.createTopics({ topics: [{ topic, numPartitions: 3 }] })).resolves.toBe(true);
    await expect(admin.listTopics()).resolves.toContain(topic);
    await admin.deleteTopics({ topics: [topic] });
  });

  test('has a Redis that never evicts', async () => {
    const redis = new Redis(redisUrl);
    try {
      await expect(redis.config('GET', 'maxmemory-policy')).resolves.toEqual([
        'maxmemory-policy',
        'noeviction',
      ]);
    } finally {
      redis.disconnect();
    }
  });
});
