import type { Message } from '@confluentinc/kafka-javascript';
import type { Header, KafkaRecord } from '../domain/record.ts';

/** The client's message as a record. A null header value can't be told from an empty one (the client gives both as empty). */
export function readMessage(message: Message): KafkaRecord {
  return {
    topic: message.topic,
    partition: message.partition,
    offset: message.offset,
    timestamp: message.timestamp ?? -1,
    key: asBuffer(message.key),
    value: message.value,
    headers: (message.headers ?? []).map(readHeader),
  };
}

function readHeader(header: object): Header {
  const [name = ''] = Object.keys(header);
  return [name, asBuffer((header as Record<string, Buffer | string | null>)[name]) ?? Buffer.alloc(0)];
}

function asBuffer(value: Buffer | string | null | undefined): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : (value ?? null);
}
