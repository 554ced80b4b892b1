import type { KafkaRecord } from '../domain/record.ts';
import type { Logger } from '../logger.ts';

interface Deps {
  /** Reads the partition from there on; what was fetched before it resolves belongs to an earlier place. */
  readonly read: (offset: number) => Promise<void>;
  readonly take: (records: readonly KafkaRecord[]) => void;
  readonly reachEnd: (offset: number) => void;
  /** The partition could not be read. */
  readonly onFailure: (error: unknown) => void;
  readonly logger: Logger;
}

/**
 * Hands the records of a shard on without a hole. The client has been seen to skip what it had fetched when a paused
 * partition was sought and resumed (1,423 records in a row), and a record that is skipped is lost for good: its offset lies
 * below the cursor. So a gap is read again, once. What is not there the second time is not for readers: control records, or
 * what retention removed.
 */
export class Reading {
  readonly #deps: Deps;
  #next: number;
  #listening = false;
  #readAgainFrom: number | null = null;

  constructor(deps: Deps, from: number) {
    this.#deps = deps;
    this.#next = from;
  }

  /** Resolves when records are handed on from the given place. */
  async start(): Promise<void> {
    await this.#readFrom(this.#next);
  }

  records(records: readonly KafkaRecord[]): void {
    if (!this.#listening) return;
    const run: KafkaRecord[] = [];
    for (const record of records) {
      if (record.offset < this.#next) continue;
      if (this.#isHole(record.offset)) break;
      run.push(record);
      this.#next = record.offset + 1;
    }
    if (run.length > 0) this.#deps.take(run);
  }

  /** Everything before `offset` was handed out, the client says. */
  end(offset: number): void {
    if (!this.#listening || offset <= this.#next || this.#isHole(offset)) return;
    this.#next = offset;
    this.#deps.reachEnd(offset);
  }

  #isHole(offset: number): boolean {
    if (offset === this.#next || this.#readAgainFrom === this.#next) return false;
    this.#readAgainFrom = this.#next;
    this.#deps.logger.debug(
      { event: 'gap_read_again', offset: this.#next, nextOffset: offset },
      'offsets are missing: reading them again',
    );
    this.#readFrom(this.#next).catch(this.#deps.onFailure);
    return true;
  }

  async #readFrom(offset: number): Promise<void> {
    this.#listening = false;
    await this.#deps.read(offset);
    this.#listening = true;
  }
}
