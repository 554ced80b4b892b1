import { expect, test } from '@jest/globals';
import { startKafka } from '../../../dev/stack/kafka.ts';

// One random id in 64 looks like an option of the formatting tool.
test('Kafka starts with a cluster id that begins with a hyphen', async () => {
  await using kafka = await startKafka({ clusterId: '-_AAAAAAAAAAAAAAAAAAAA' });

  expect(kafka.brokers).toHaveLength(1);
});
