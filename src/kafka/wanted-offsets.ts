/** A record that somebody waits for. */
interface Wanted<Want> {
  readonly offset: number;
  readonly want: Want;
  /** How often it was looked for and not seen. */
  missed: number;
}

export interface Met<Want> {
  readonly found: readonly Want[];
  /** Passed over, twice: they are not there any more. */
  readonly gone: readonly Want[];
}

/**
 * That nothing is there is believed the second time: a reader that had just connected once came to the end at once, and the
 * client has been seen to skip what it had fetched.
 */
const LOOKS = 2;

/**
 * What is wanted of one partition, looked for in order of offsets. Each go begins where the one before was, and only when
 * nothing is wanted further on, at the first one that is: what is added in the front meanwhile must not hold up the rest for
 * ever. What is wanted during a go joins it where it lies ahead. Pure.
 */
export class WantedOffsets<Want> {
  #later: Wanted<Want>[] = [];
  /** The last one first. */
  #now: Wanted<Want>[] = [];
  /** All before it has been handed out. */
  #at = 0;

  get waiting(): boolean {
    return this.#later.length > 0;
  }

  /** Nothing is left of this go. */
  get done(): boolean {
    return this.#now.length === 0;
  }

  add(offset: number, want: Want): void {
    const wanted = { offset, want, missed: 0 };
    if (this.done || offset < this.#at) this.#later.push(wanted);
    else this.#now.splice(this.#placeOf(offset), 0, wanted);
  }

  /** Begins a go; answers where. */
  begin(): number {
    const all = [...this.#now, ...this.#later].sort((a, b) => b.offset - a.offset);
    const ahead = all.findLastIndex(({ offset }) => offset >= this.#at) + 1;
    this.#now = ahead > 0 ? all.slice(0, ahead) : all;
    this.#later = ahead > 0 ? all.slice(ahead) : [];
    this.#at = this.#now.at(-1)?.offset ?? 0;
    return this.#at;
  }

  /** A record of this go came. */
  meet(offset: number): Met<Want> {
    const gone = this.#pass(offset);
    const found: Want[] = [];
    for (let next = this.#now.at(-1); next?.offset === offset; next = this.#now.at(-1)) {
      found.push(next.want);
      this.#now.pop();
    }
    this.#at = offset + 1;
    return { found, gone };
  }

  /** All that is there before `offset` has been handed out. */
  end(offset: number): readonly Want[] {
    const gone = this.#pass(offset);
    this.#at = Math.max(this.#at, offset);
    return gone;
  }

  /** How far the next one is from there; 0: there is none. */
  distanceFrom(offset: number): number {
    const next = this.#now.at(-1);
    return next === undefined ? 0 : next.offset - offset;
  }

  /** The rest of this go is for the next one. */
  postpone(): void {
    this.#later.push(...this.#now);
    this.#now = [];
  }

  /** Gives up all of it. */
  takeAll(): Want[] {
    const all = [...this.#now, ...this.#later].map(({ want }) => want);
    this.#now = [];
    this.#later = [];
    return all;
  }

  /** Behind all that are looked for before it; by halves, for there may be thousands. */
  #placeOf(offset: number): number {
    let [from, to] = [0, this.#now.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#now[middle]?.offset ?? 0) > offset) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  #pass(offset: number): readonly Want[] {
    const gone: Want[] = [];
    for (let next = this.#now.at(-1); next !== undefined && next.offset < offset; next = this.#now.at(-1)) {
      this.#now.pop();
      next.missed++;
      if (next.missed >= LOOKS) gone.push(next.want);
      else this.#later.push(next);
    }
    return gone;
  }
}
