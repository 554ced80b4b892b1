// The process of offsets.test.ts, which a fault of the native client would end: asks over and over what a group has
// committed and where its topic begins and ends, and says what came of it.
import { KafkaOffsets } from '../../../src/kafka/offsets.ts';
import { createLogger } from '../../../src/logger.ts';

const [brokers = ''] = process.argv.slice(2);
const kafka = {
  ...{
    brokers: [brokers],
    clientId: 'asking',
    groupPrefix: 'asking',
    groupInstanceId: null,
    clusterId: null,
  },
  ...{ sessionTimeout: 6_000, maxInFlight: 1, librdkafka: {} },
};
const offsets = new KafkaOffsets({ kafka }, createLogger('silent'));
await offsets.start();
for (;;) {
  const answer = await Promise.all([
    offsets.committed('some-group', 'some-topic'),
    offsets.ranges('some-topic'),
    offsets.ranges('some-topic', { uncommitted: true }),
    offsets.firstSince('some-topic', 1_000),
  ]).then(
    (answers) => JSON.stringify(answers.map((each) => [...each])),
    () => 'no answer',
  );
  process.stdout.write(`${answer}\n`);
  await new Promise((resolve) => setTimeout(resolve, 100));
}
