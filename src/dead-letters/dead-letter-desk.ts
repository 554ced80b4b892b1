import type { DeadLetterIndex } from './dead-letter-index.ts';
import type { DeadLetterReader } from './dead-letter-reader.ts';

interface Deps {
  readonly index: DeadLetterIndex;
  /** Of its own: who reads on for long would be interrupted by those who look at single ones. */
  readonly reader: DeadLetterReader;
}

/** The dead letters of a route, as an operator sees them. */
export class DeadLetterDesk {
  readonly index: DeadLetterIndex;
  readonly reader: DeadLetterReader;

  constructor({ index, reader }: Deps) {
    this.index = index;
    this.reader = reader;
  }
}
