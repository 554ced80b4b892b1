import { expect, test } from '@jest/globals';
import { startKafka } from '../../../dev/stack/kafka.ts';
import { systemClock } from '../../../src/clock.ts';
import { OriginReader } from '../../../src/kafka/origin-reader.ts';
import { Proxy } from '../../faults/proxy.ts';

test('a Kafka that is away when the first value is read is asked again for the next', async () => {
  await using proxy = await Proxy.listen();
  await using kafka = await startKafka({ fronts: [proxy.port] });
  proxy.forwardTo(Number(kafka.brokers[0]?.split(':')[1]));
  const connection = {
    ...{ brokers: [`127.0.0.1:${proxy.port}`], clientId: 'origins', groupPrefix: 'origins', clusterId: null },
    ...{ sessionTimeout: 6_000, maxInFlight: 1, librdkafka: {} },
  };
  const reader = new OriginReader({ config: { kafka: connection }, clock: systemClock });
  const origin = { topic: 'nothing', partition: 0, offset: 0 };
  try {
    proxy.cut();
    await expect(reader.read(origin)).rejects.toThrow(/transport failure|timed out/i);
    proxy.open();
    // It gets as far as reading: there is nothing to read in this Kafka.
    await expect(reader.read(origin)).rejects.toThrow('could not be read in time');
  } finally {
    await reader.stop();
  }
}, 120_000);
