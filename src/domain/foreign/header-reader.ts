import type { Header } from '../record.ts';
import type { Decode } from './decode.ts';

/** The headers of a record by name. A header that is missing and one that can't be decoded are the same: undefined. */
export class HeaderReader {
  readonly #headers: readonly Header[];

  constructor(headers: readonly Header[]) {
    this.#headers = headers;
  }

  /** For what a tool appends at each hop, and of which the first is true. */
  first<T>(name: string, decode: Decode<T>): T | undefined {
    const header = this.#headers.find(([key]) => key === name);
    return header && decode(header[1]);
  }

  last<T>(name: string, decode: Decode<T>): T | undefined {
    const header = this.#headers.findLast(([key]) => key === name);
    return header && decode(header[1]);
  }
}
