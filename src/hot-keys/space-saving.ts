/** A key that was counted: between `count - error` and `count` times. */
export interface Counted {
  readonly key: string;
  readonly count: number;
  readonly error: number;
}

/** The most frequent, the first first; a key that is not among them was counted at most `othersAtMost` times. */
export interface Sketch {
  readonly keys: readonly Counted[];
  /** All that was counted. */
  readonly total: number;
  readonly othersAtMost: number;
}

export const NOTHING: Sketch = { keys: [], total: 0, othersAtMost: 0 };

/**
 * Counts the most frequent of any number of keys in bounded memory (Metwally, Agrawal, El Abbadi: Space-Saving, 2005): a new
 * key takes the place of the least frequent one, and its count as its error. So no key that makes up more than 1/capacity of all
 * is missed, and no error is larger than that.
 */
export class SpaceSaving {
  readonly #capacity: number;
  readonly #counts = new Map<string, { count: number; error: number }>();
  #total = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(key: string): void {
    this.#total++;
    const known = this.#counts.get(key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    let error = 0;
    if (this.#counts.size >= this.#capacity) {
      const [least, { count }] = this.#least();
      this.#counts.delete(least);
      error = count;
    }
    this.#counts.set(key, { count: error + 1, error });
  }

  /** The first `limit` of it. */
  top(limit: number): Sketch {
    const full = this.#counts.size >= this.#capacity;
    const all = [...this.#counts].map(([key, counted]): Counted => ({ key, ...counted })).sort(byCount);
    return cut({ keys: all, total: this.#total, othersAtMost: full ? (all.at(-1)?.count ?? 0) : 0 }, limit);
  }

  /** A few hundred are looked at, and only for a key that is new. */
  #least(): [string, { readonly count: number }] {
    let least: [string, { readonly count: number }] = ['', { count: Infinity }];
    for (const each of this.#counts) if (each[1].count < least[1].count) least = each;
    return least;
  }
}

/** The first `limit` of it. Pure. */
export function cut({ keys, total, othersAtMost }: Sketch, limit: number): Sketch {
  return {
    keys: keys.slice(0, limit),
    total,
    othersAtMost: Math.max(othersAtMost, keys[limit]?.count ?? 0),
  };
}

/** What was counted in several places, as if in one. Where one of them does not name a key, its bound counts for it. Pure. */
export function merged(sketches: readonly Sketch[]): Sketch {
  const sum = (of: (sketch: Sketch) => number): number => sketches.reduce((all, each) => all + of(each), 0);
  const othersAtMost = sum((sketch) => sketch.othersAtMost);
  const found = new Map<string, { count: number; error: number }>();
  for (const { keys, othersAtMost: unnamed } of sketches) {
    for (const { key, count, error } of keys) {
      // As if unnamed everywhere, until a sketch names it.
      const so = found.get(key) ?? { count: othersAtMost, error: othersAtMost };
      found.set(key, { count: so.count - unnamed + count, error: so.error - unnamed + error });
    }
  }
  const keys = [...found].map(([key, counted]): Counted => ({ key, ...counted })).sort(byCount);
  return { keys, total: sum(({ total }) => total), othersAtMost };
}

function byCount(a: Counted, b: Counted): number {
  return b.count - a.count || a.error - b.error || (a.key < b.key ? -1 : 1);
}
