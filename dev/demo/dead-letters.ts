import { setTimeout as sleep } from 'node:timers/promises';
import RdKafka, { type Message } from '@confluentinc/kafka-javascript';
import { called } from './called.ts';

/** What a record of the dead-letter topic says about the message that it was. */
export interface DeadLetter {
  /** Of its origin. */
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly attempt: number;
  /** Epoch ms. */
  readonly at: number;
}

const BATCH = 500;

/** Reads a dead-letter topic as it is now, from its beginning to `ends`. */
export async function readDeadLetters(
  brokers: readonly string[],
  topic: string,
  ends: readonly number[],
  signal: AbortSignal,
): Promise<DeadLetter[]> {
  const waiting = new Map([...ends.entries()].filter(([, end]) => end > 0));
  if (waiting.size === 0) return [];
  const consumer = new RdKafka.KafkaConsumer({
    'metadata.broker.list': brokers.join(','),
    'group.id': 'no-group',
    'enable.auto.commit': false,
  });
  await called((done) => consumer.connect({}, done));
  try {
    consumer.setDefaultConsumeTimeout(100);
    consumer.assign([...waiting.keys()].map((partition) => ({ topic, partition, offset: 0 })));
    const letters: DeadLetter[] = [];
    while (waiting.size > 0) {
      const messages = await called<Message[]>((done) => {
        consumer.consume(BATCH, done);
      });
      for (const message of messages) {
        letters.push(deadLetterOf(message));
        if (message.offset + 1 >= (waiting.get(message.partition) ?? Infinity))
          waiting.delete(message.partition);
      }
      await sleep(0, undefined, { signal });
    }
    return letters;
  } finally {
    await called((done) => consumer.disconnect(done));
  }
}

function deadLetterOf({ headers = [] }: Message): DeadLetter {
  const text = (name: string): string => String(headers.find((header) => name in header)?.[name] ?? '');
  return {
    partition: Number(text('x-retry-origin-partition')),
    offset: Number(text('x-retry-origin-offset')),
    reason: text('x-retry-dead-letter-reason'),
    attempt: Number(text('x-retry-attempt')),
    at: Number(text('x-retry-dead-lettered-at')),
  };
}
