import type { KafkaConsumer, Producer } from '@confluentinc/kafka-javascript';

/** The client calls back with null on success, whatever its types say. */
export async function connect(client: KafkaConsumer | Producer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    (client as Producer).connect({}, (error: unknown) => {
      if (error) reject(new Error('the Kafka client did not connect', { cause: error }));
      else resolve();
    });
  });
}

export async function disconnect(client: KafkaConsumer | Producer): Promise<void> {
  await new Promise<void>((resolve) => {
    (client as Producer).disconnect(() => {
      resolve();
    });
  });
}
