import type { DeadLetter, DeadLetterSource } from './dead-letter.ts';

/** Which dead letters are meant; what is left out does not matter. */
export interface DeadLetterFilter {
  readonly key?: Buffer;
  readonly reason?: string;
  readonly errorClass?: string;
  /** Within the error message, in any case of letters. */
  readonly error?: string;
  /** Dead-lettered at that time or later, epoch ms. */
  readonly from?: number;
  /** Dead-lettered before that time, epoch ms. */
  readonly to?: number;
  readonly source?: DeadLetterSource;
  /** Of the dead-letter topic. */
  readonly partition?: number;
}

/** What a filter looks at. */
export type Filtered = Pick<
  DeadLetter,
  'position' | 'key' | 'reason' | 'errorClass' | 'errorMessage' | 'deadLetteredAt' | 'source'
>;

/** Pure. */
export function matches(letter: Filtered, filter: DeadLetterFilter): boolean {
  const { key, reason, errorClass, error, from, to, source, partition } = filter;
  return (
    (key === undefined || letter.key?.equals(key) === true) &&
    (reason === undefined || letter.reason === reason) &&
    (errorClass === undefined || letter.errorClass === errorClass) &&
    (error === undefined || letter.errorMessage.toLowerCase().includes(error.toLowerCase())) &&
    (from === undefined || letter.deadLetteredAt >= from) &&
    (to === undefined || letter.deadLetteredAt < to) &&
    (source === undefined || letter.source === source) &&
    (partition === undefined || letter.position.partition === partition)
  );
}
