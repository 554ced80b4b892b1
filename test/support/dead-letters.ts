import type { BenchRoute } from './bench.ts';
import type { RecordToSend } from './sender.ts';

/** A dead letter as the service writes it, of an origin that need not be there. */
export interface DeadLetterToSend {
  readonly key: string | null;
  readonly value: string;
  readonly origin: { readonly partition: number; readonly offset: number };
  /** Of the dead-letter topic; default: that of the origin. */
  readonly partition?: number;
  readonly reason?: string;
  readonly headers?: RecordToSend['headers'];
}

export function deadLetter({ name, topic }: BenchRoute, letter: DeadLetterToSend): RecordToSend {
  const { key, value, origin, partition = origin.partition, reason = 'exhausted', headers = [] } = letter;
  return {
    ...{ partition, key, value },
    headers: [
      ...headers,
      ['x-retry-route', name],
      ['x-retry-origin-topic', topic],
      ['x-retry-origin-partition', String(origin.partition)],
      ['x-retry-origin-offset', String(origin.offset)],
      ['x-retry-origin-timestamp', '1700000000000'],
      ['x-retry-attempt', '7'],
      ['x-retry-reason', 'failed'],
      ['x-retry-error-class', 'TypeError'],
      ['x-retry-error-message', 'it failed'],
      ['x-retry-dead-letter-reason', reason],
      ['x-retry-first-failed-at', '1700000000001'],
      ['x-retry-dead-lettered-at', '1700000000002'],
    ],
  };
}
