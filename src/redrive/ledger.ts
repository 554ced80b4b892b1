import type { Position } from '../dead-letters/dead-letter.ts';
import type { Range } from '../kafka/offsets.ts';
import { Positions } from './positions.ts';
import { type Problem, type Progress, PROBLEMS_LISTED } from './progress.ts';
import type { End, Redrive } from './redrive.ts';
import { Speed } from './speed.ts';

/** What was looked at in one go. */
export interface Looked {
  /** Open ones that fit. */
  readonly taken: readonly Position[];
  readonly skipped: number;
  readonly problems: readonly Problem[];
  readonly cursors: readonly number[];
}

/** Keeps count of a redrive: from what was written down of it to what is to be written down next. */
export class Ledger {
  /** Published and counted, and not before the cursors: what the rest of a round left open comes by once more. */
  readonly ahead: Positions;
  readonly #redrive: Redrive;
  readonly #positions: readonly Position[] | null;
  readonly #published: Speed;
  readonly #examined: Speed;
  #so: Progress;

  /** `positions: null` = all up to the cutoff. `now`: monotonic, ms. */
  constructor(redrive: Redrive, positions: readonly Position[] | null, progress: Progress, now: number) {
    this.#redrive = redrive;
    this.#positions = positions;
    this.#so = progress;
    this.ahead = Positions.of(progress.ahead);
    this.#published = new Speed(progress.published, now);
    this.#examined = new Speed(progress.examined, now);
  }

  get cursors(): readonly number[] {
    return this.#so.cursors;
  }

  /** What becomes of it is written down: it lies before the cursors, or was published ahead of them. */
  isDecided(position: Position): boolean {
    const { partition, offset } = position;
    return offset < (this.#so.cursors[partition] ?? 0) || this.ahead.has(position);
  }

  /** `ranges` of the dead-letter topic; `now`: epoch ms. Begun before, it goes on from where it was. */
  begin(ranges: ReadonlyMap<number, Range>, now: number): void {
    if (this.#so.startedAt !== null) return;
    const cursors = this.#redrive.cutoff.map((end, partition) =>
      Math.min(end, ranges.get(partition)?.first ?? end),
    );
    this.#so = { ...this.#so, startedAt: now, cursors, total: this.#left(cursors) };
  }

  /** From now on, whatever is published lies at or behind these places. null: nothing will be. */
  publishesFrom(ends: readonly number[] | null): void {
    this.#so = { ...this.#so, ends };
  }

  /** Published by a runner before, which did not come to write it down; or by this one, in a round that was broken off. */
  publishedAhead(positions: readonly Position[]): void {
    for (const position of positions) this.ahead.add(position);
    const { published, matched } = this.#so;
    this.#so = { ...this.#so, published: published + positions.length, matched: matched + positions.length };
  }

  /** A round that was done as a whole: `refused` stayed open. */
  did(round: Looked, published: number, refused: readonly Problem[]): void {
    const so = this.#so;
    for (const [partition, offsets] of this.ahead.byPartition()) {
      for (const offset of offsets) {
        if (offset < (round.cursors[partition] ?? 0)) this.ahead.delete({ partition, offset });
      }
    }
    this.#so = {
      ...so,
      cursors: round.cursors,
      examined: so.total - this.#left(round.cursors),
      matched: so.matched + round.taken.length,
      published: so.published + published,
      skipped: so.skipped + round.skipped,
      undeliverable: so.undeliverable + refused.length,
      problems: [...so.problems, ...round.problems, ...refused].slice(0, PROBLEMS_LISTED),
    };
  }

  end(end: End): void {
    const examined = end.state === 'done' ? this.#so.total : this.#so.examined;
    this.#so = { ...this.#so, examined, ends: null, end };
  }

  /** What is to be written down. `at`: epoch ms; `now`: monotonic. */
  progress(at: number, now: number): Progress {
    const { published, examined } = this.#so;
    return {
      ...this.#so,
      ahead: this.ahead.ranges(),
      perSecond: this.#published.perSecond(published, now),
      examinedPerSecond: this.#examined.perSecond(examined, now),
      at,
      waitingFor: null,
    };
  }

  #left(cursors: readonly number[]): number {
    if (this.#positions !== null) {
      return this.#positions.filter(({ partition, offset }) => offset >= (cursors[partition] ?? 0)).length;
    }
    return this.#redrive.cutoff.reduce(
      (sum, end, partition) => sum + Math.max(0, end - (cursors[partition] ?? 0)),
      0,
    );
  }
}
