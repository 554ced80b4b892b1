import type { DeadLetter, Position } from '../dead-letters/dead-letter.ts';
import { readDeadLetter } from '../dead-letters/dead-letter.ts';
import { recordSize } from '../domain/record.ts';
import type { KafkaRecord } from '../domain/record.ts';
import type { RangeReader } from '../kafka/range-reader.ts';
import { type Leg, legsOf, legsUpTo } from './legs.ts';
import type { Problem } from './progress.ts';
import type { Positions } from './positions.ts';

/** What of the dead-letter topic was looked at in one go. */
export interface Round {
  /** Open ones that fit. */
  readonly letters: readonly DeadLetter[];
  /** Those that fit and are not taken. */
  readonly skipped: number;
  readonly problems: readonly Problem[];
  /** By dead-letter partition: everything before has been looked at. */
  readonly cursors: readonly number[];
}

export interface Bounds {
  readonly records: number;
  readonly bytes: number;
}

interface Deps {
  readonly reader: Pick<RangeReader, 'assign' | 'next'>;
  /** By dead-letter partition. */
  readonly cutoff: readonly number[];
  readonly from: readonly number[];
  /** Only these, in any order; null: all up to the cutoff. */
  readonly positions: readonly Position[] | null;
  /** The name of the route: another's may share the topic. */
  readonly route: string;
  readonly fits: (letter: DeadLetter) => boolean;
  /** Published by this redrive already, and counted. */
  readonly ahead: Positions;
  /** Makes it this redrive's own; false: another one has it. */
  readonly claim: (position: Position) => boolean;
  readonly disclaim: (position: Position) => void;
  /** Those of them that are open, neither settled nor second copies of others. */
  readonly openAmong: (partition: number, offsets: readonly number[]) => Promise<ReadonlySet<number>>;
  /** Monotonic, ms. */
  readonly now: () => number;
}

const BATCH = 500;
/** A round that has something is not kept waiting for more. */
const PATIENCE = 200;

/** The open dead letters of a selection, a round at a time, each partition in its order. */
export class Candidates {
  readonly #deps: Deps;
  readonly #cursors: number[];
  readonly #wanted: Map<string, Position> | null;
  readonly #legs: Leg[];
  #reading: readonly Leg[] = [];
  #read: readonly KafkaRecord[] = [];
  #at = 0;
  #closed = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    const { cutoff, from, positions } = deps;
    this.#cursors = cutoff.map((_, partition) => from[partition] ?? 0);
    this.#legs = positions === null ? legsUpTo(cutoff, this.#cursors) : legsOf(positions, this.#cursors);
    const left = (positions ?? []).filter(
      ({ partition, offset }) => offset >= (this.#cursors[partition] ?? 0),
    );
    this.#wanted = positions && new Map(left.map((position) => [nameOf(position), position]));
  }

  /** What waits for the next round gives up; `next` resolves soon. */
  close(): void {
    this.#closed = true;
  }

  /** null: there are no more. */
  async next(bounds: Bounds): Promise<Round | null> {
    const letters: DeadLetter[] = [];
    const problems: Problem[] = [];
    let bytes = 0;
    let looked = false;
    const deadline = this.#deps.now() + PATIENCE;
    while (letters.length < bounds.records && bytes < bounds.bytes && !this.#closed) {
      if (looked && this.#deps.now() >= deadline) break;
      const record = this.#read[this.#at];
      if (record === undefined) {
        if (await this.#readOn(problems)) continue;
        if (!looked && problems.length === 0) return null;
        break;
      }
      this.#at++;
      looked = true;
      this.#cursors[record.partition] = record.offset + 1;
      const letter = this.#look(record, problems);
      if (letter === null) continue;
      letters.push(letter);
      bytes += recordSize(record);
    }
    this.#tellMissing(problems);
    return this.#judged(letters, problems);
  }

  /** False: all was read. */
  async #readOn(problems: Problem[]): Promise<boolean> {
    const records = this.#reading.length > 0 ? await this.#deps.reader.next(BATCH, PATIENCE) : null;
    this.#read = records ?? [];
    this.#at = 0;
    if (records !== null) return true;
    for (const { partition, to } of this.#reading) {
      this.#cursors[partition] = Math.max(this.#cursors[partition] ?? 0, to);
    }
    this.#tellMissing(problems);
    this.#reading = this.#nextLegs();
    if (this.#reading.length > 0) await this.#deps.reader.assign(this.#reading);
    return this.#reading.length > 0;
  }

  /** The first leg of each partition. */
  #nextLegs(): Leg[] {
    const begun = new Set<number>();
    const next: Leg[] = [];
    for (const leg of this.#legs) {
      if (begun.has(leg.partition)) continue;
      begun.add(leg.partition);
      next.push(leg);
    }
    for (const leg of next) this.#legs.splice(this.#legs.indexOf(leg), 1);
    return next;
  }

  #look(record: KafkaRecord, problems: Problem[]): DeadLetter | null {
    const position = { partition: record.partition, offset: record.offset };
    if (this.#deps.ahead.has(position)) {
      this.#wanted?.delete(nameOf(position));
      return null;
    }
    if (this.#wanted !== null && !this.#wanted.delete(nameOf(position))) return null;
    const letter = readDeadLetter(record, this.#deps.route);
    if (letter === null) {
      if (this.#wanted !== null) problems.push({ ...position, problem: NOT_THERE });
      return null;
    }
    return this.#deps.fits(letter) ? letter : null;
  }

  #tellMissing(problems: Problem[]): void {
    for (const [name, position] of this.#wanted ?? []) {
      if (position.offset >= (this.#cursors[position.partition] ?? 0)) continue;
      this.#wanted?.delete(name);
      problems.push({ ...position, problem: NOT_THERE });
    }
  }

  async #judged(letters: readonly DeadLetter[], problems: Problem[]): Promise<Round> {
    const { claim, disclaim, openAmong, positions } = this.#deps;
    const claimed = letters.filter(({ position }) => claim(position));
    const byPartition = new Map<number, number[]>();
    for (const { position } of claimed) {
      const offsets = byPartition.get(position.partition);
      if (offsets) offsets.push(position.offset);
      else byPartition.set(position.partition, [position.offset]);
    }
    const open = new Map(
      await Promise.all(
        [...byPartition].map(
          async ([partition, offsets]) => [partition, await openAmong(partition, offsets)] as const,
        ),
      ),
    );
    const taken = new Set<DeadLetter>();
    for (const letter of claimed) {
      const { partition, offset } = letter.position;
      if (open.get(partition)?.has(offset) === true) taken.add(letter);
      else disclaim(letter.position);
    }
    const missing = problems.length;
    for (const letter of letters) {
      if (positions !== null && !taken.has(letter)) problems.push({ ...letter.position, problem: NOT_OPEN });
    }
    return {
      letters: [...taken],
      skipped: letters.length - taken.size + missing,
      problems,
      cursors: [...this.#cursors],
    };
  }
}

const NOT_THERE = 'there is no dead letter at this offset: retention removed it, or there never was one';
const NOT_OPEN =
  'it is not open: it was redriven, dismissed or replaced before, or is a second copy of another';

function nameOf({ partition, offset }: Position): string {
  return `${partition}/${offset}`;
}
