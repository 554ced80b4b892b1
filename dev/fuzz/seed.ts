import RdKafka from '@confluentinc/kafka-javascript';

const { Kafka, logLevel } = RdKafka.KafkaJS;

export const PARTITIONS = 3;
const KEYS = 40;

export interface TargetRoute {
  readonly name: string;
  readonly gate: boolean;
}

/**
 * Makes the topics of the routes, and leaves failures there: some to wait, some to be given up. The keys are those of the
 * examples in the API's document.
 */
export async function seedTopics(
  brokers: readonly string[],
  prefix: string,
  routes: readonly TargetRoute[],
): Promise<void> {
  const kafka = new Kafka({ kafkaJS: { brokers: [...brokers], logLevel: logLevel.NOTHING } });
  const admin = kafka.admin();
  const producer = kafka.producer();
  await Promise.all([admin.connect(), producer.connect()]);
  try {
    const mains = routes.map(({ name }) => `${prefix}.${name}`);
    await admin.createTopics({
      topics: mains
        .flatMap((main) => [main, `${main}.retry`, `${main}.dlq`])
        .map((topic) => ({ topic, numPartitions: PARTITIONS })),
    });
    for (const main of mains) {
      await producer.send({
        topic: `${main}.retry`,
        messages: Array.from({ length: 4 * KEYS }, (_, number) => failure(number)),
      });
    }
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
}

function failure(number: number) {
  const id = number % KEYS;
  return {
    partition: id % PARTITIONS,
    key: id === 0 ? Buffer.from([0xff, 0xfe]) : `Order-${100 + id}`,
    value: JSON.stringify({ order: id, step: Math.floor(number / KEYS) }),
    headers: {
      'x-retry-attempt': '1',
      'x-retry-error-class': number % 3 === 0 ? 'TimeoutError' : 'TypeError',
      'x-retry-error-message': `no answer for order ${String(number)}`,
      // A third is given up at once.
      ...(id % 3 === 0 ? { 'x-retry-fatal': 'true' } : {}),
    },
  };
}
