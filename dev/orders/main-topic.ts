import { setTimeout as sleep } from 'node:timers/promises';
import RdKafka from '@confluentinc/kafka-javascript';
import { PARTITIONS } from '../demo/topics.ts';

const { Kafka, logLevel } = RdKafka.KafkaJS;
const PATIENCE_MS = 120_000;

/** Makes the topic, unless it is there. Waits for a Kafka that is not up yet. */
export async function createMainTopic(
  brokers: readonly string[],
  topic: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const admin = new Kafka({ kafkaJS: { brokers: [...brokers], logLevel: logLevel.NOTHING } }).admin();
    try {
      await admin.connect();
      const isNew = await admin.createTopics({
        topics: [{ topic, numPartitions: PARTITIONS }],
        timeout: 5_000,
      });
      process.stdout.write(`topic: ${topic} ${isNew ? 'created' : 'is there'}\n`);
      return;
    } catch (error) {
      if (signal.aborted || Date.now() > deadline) throw error;
      await sleep(500, undefined, { signal });
    } finally {
      await admin.disconnect();
    }
  }
}
