import { headerList, retryHeaders, valueAtOrigin } from './headers.ts';
import type { GateRecord, RecordHeaders } from './record.ts';

/** A record to publish to the retry topic, to exactly this partition. */
export interface RetryRecord {
  partition: number;
  key: Buffer | null;
  value: Buffer | null;
  /** In the shape in which the consumer gave them: a list (RdKafka) or a map (KafkaJS). */
  headers: RecordHeaders;
}

/**
 * Publishes to the retry topic, in the given order, through one idempotent producer with `acks=all`, and resolves when
 * every record is acknowledged. A record that is too large rejects with `code: 10` (or `MSG_SIZE_TOO_LARGE`).
 */
export type PublishRetries = (records: readonly RetryRecord[]) => Promise<unknown>;

// The client turns an empty Buffer without memory behind it into null, which is a tombstone. A view of a byte stays empty.
const EMPTY = Buffer.alloc(1).subarray(0, 0);

export function buildRetryRecord(
  record: GateRecord,
  given: Readonly<Record<string, string>>,
  withValue: boolean,
): RetryRecord {
  const headers = retryHeaders(record, given);
  const value = bytesOf(record.value);
  // A null value is complete as it is: there is nothing to read at the origin.
  const left = withValue || value === null;
  return {
    partition: record.partition,
    key: bytesOf(record.key),
    value: left ? value : null,
    headers: left ? headers : valueAtOrigin(headers),
  };
}

/** Upper bound of what a record takes in a batch of its own: 61 bytes of batch and up to 21 of varints, rounded up. */
export function sizeOf(record: RetryRecord): number {
  let size = 128 + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const header of headerList(record.headers)) {
    for (const [name, value] of Object.entries(header)) {
      size += 10 + Buffer.byteLength(name) + Buffer.byteLength(value);
    }
  }
  return size;
}

/** Whether a publish failed because the record is too large, as the known clients say it. */
export function isTooLarge(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, errno, type, cause } = error as Record<string, unknown>;
  const names: unknown[] = [10, 'MSG_SIZE_TOO_LARGE', 'ERR_MSG_SIZE_TOO_LARGE', 'MESSAGE_TOO_LARGE'];
  return names.includes(code) || names.includes(errno) || names.includes(type) || isTooLarge(cause);
}

function bytesOf(data: Buffer | string | null | undefined): Buffer | null {
  if (data === null || data === undefined) return null;
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  return bytes.length === 0 ? EMPTY : bytes;
}
