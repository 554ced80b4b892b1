/** One header as Kafka keeps it: order and repetitions matter. */
export type Header = readonly [name: string, value: Buffer];

/** A header to be written: text is UTF-8. */
export type OutgoingHeader = readonly [name: string, value: Buffer | string];

/** A Kafka record as it was read. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Epoch ms, as the producer or the broker stamped it. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
}

/** Where a message was first read. It never changes, however often the message is retried. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Bytes of headers and value. */
export function contentSize({ headers, value }: Pick<KafkaRecord, 'headers' | 'value'>): number {
  return headers.reduce((sum, [name, bytes]) => sum + name.length + bytes.length, value?.length ?? 0);
}

/** The same, and of the key. */
export function recordSize(record: Pick<KafkaRecord, 'key' | 'headers' | 'value'>): number {
  return (record.key?.length ?? 0) + contentSize(record);
}

/** The last header of that name as text, or undefined. */
export function headerText(headers: readonly Header[], name: string): string | undefined {
  for (let i = headers.length - 1; i >= 0; i--) {
    const header = headers[i];
    if (header?.[0] === name) return header[1].toString('utf8');
  }
  return undefined;
}
