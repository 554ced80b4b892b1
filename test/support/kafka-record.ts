import type { Message } from '@confluentinc/kafka-javascript';

export type HeaderPair = readonly [name: string, value: Buffer];

/** A record as it lies in Kafka: exact bytes, headers in their order. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly HeaderPair[];
}

export function recordOf(message: Message): KafkaRecord {
  const { topic, partition, offset, timestamp = -1, key, value, headers = [] } = message;
  return {
    ...{ topic, partition, offset, timestamp, value },
    key: typeof key === 'string' ? Buffer.from(key) : (key ?? null),
    headers: headers.flatMap((header) =>
      Object.entries(header).map(([name, bytes]) => [name, Buffer.from(bytes as never)] as const),
    ),
  };
}

/** The one value of a header as text; undefined without it. More than one is an error: ours never repeat. */
export function header({ headers }: Pick<KafkaRecord, 'headers'>, name: string): string | undefined {
  const values = headers.filter(([each]) => each === name);
  if (values.length > 1) throw new Error(`header ${name} is there ${values.length} times`);
  return values[0]?.[1].toString('utf8');
}

/** The headers that are not the service's, as they lie there: hex, so that a difference can be read. */
export function applicationHeaders({ headers }: Pick<KafkaRecord, 'headers'>): string[] {
  return headers
    .filter(([name]) => !name.startsWith('x-retry-'))
    .map(([name, value]) => `${name}=${value.toString('hex')}`);
}

export function text(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('utf8');
}

/** A message of the application, not what the service notes for itself in its retry topics. */
export function isMessage(record: KafkaRecord): boolean {
  return header(record, 'x-retry-journal') === undefined;
}
