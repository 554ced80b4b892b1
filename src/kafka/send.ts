import type { OutgoingHeader } from '../domain/record.ts';

/** A record to be written. `partition: null` = by its key, as Java's default does. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly partition: number | null;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly OutgoingHeader[];
}

/**
 * Gives a record away once and makes it again if asked again: thousands of records wait for Kafka's answer at a time, and
 * what they are made of would live as long (a quarter of the service's time went into collecting it).
 */
export type RecordSource = () => OutgoingRecord;

export function madeAgain(record: OutgoingRecord, make: RecordSource): RecordSource {
  let first: OutgoingRecord | null = record;
  return () => {
    const given = first ?? make();
    first = null;
    return given;
  };
}

/** Sends behind everything sent before to that place; its end is told to `settle`, once. */
export type Send = (
  place: Pick<OutgoingRecord, 'topic' | 'partition'>,
  record: RecordSource,
  settle: (result: SendResult) => void,
) => void;

/** What becomes of one record, for those who wait for it. Never rejects. */
export function settled(send: Send, record: OutgoingRecord): Promise<SendResult> {
  return new Promise((resolve) => {
    send(record, () => record, resolve);
  });
}

/**
 * What became of a send: written at an offset; too large; refused for the record's own sake (publish-refusal.ts); or nobody
 * knows, and it may be written or not.
 */
export type SendResult =
  | { readonly kind: 'written'; readonly offset: number }
  | { readonly kind: 'too-large'; readonly error: Error }
  | { readonly kind: 'refused'; readonly error: Error; readonly withOthers: boolean }
  | { readonly kind: 'unknown'; readonly error: Error };
