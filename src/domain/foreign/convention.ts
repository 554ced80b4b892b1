import type { Origin } from '../record.ts';
import type { HeaderReader } from './header-reader.ts';

/** What the headers of another tool say about a record that it put on a retry topic. Times in epoch ms. */
export interface ForeignRetry {
  readonly origin?: Origin | undefined;
  /** Handler attempts so far; 1 where the tool does not count them. */
  readonly attempt: number;
  readonly notBefore?: number | undefined;
  readonly originTimestamp?: number | undefined;
  /** Of a dead letter. */
  readonly firstFailedAt?: number | undefined;
  readonly deadLetteredAt?: number | undefined;
  readonly errorClass?: string | undefined;
  readonly errorMessage?: string | undefined;
}

/**
 * How one tool marks its records. Null where a header that the tool always writes is missing or garbage; any other one
 * that can't be read is left out of the result.
 */
export type Convention = (headers: HeaderReader) => ForeignRetry | null;

/** Undefined unless all of it is known: half an origin names no record. */
export function originOf(
  topic: string | undefined,
  partition: number | undefined,
  offset: number | undefined,
): Origin | undefined {
  if (topic === undefined || partition === undefined || offset === undefined) return undefined;
  return { topic, partition, offset };
}
