/** What somebody did through the API, or tried to. */
export interface Deed {
  /** The action's name: `park`, `pause`, `redrive`. */
  readonly action: string;
  readonly route: string;
  /** What it was done to, as JSON: `{key, partition}`. */
  readonly target: Readonly<Record<string, unknown>>;
  /** Why, in the words of whoever did it. */
  readonly reason: string;
  /** What came of it, as JSON: `{outcome, entries}`. Never a payload. */
  readonly result: Readonly<Record<string, unknown>>;
}

/** A deed with who did it, from where, and when (epoch ms). */
export interface RecordedDeed extends Deed {
  readonly at: number;
  /** The name of a token, the subject of a JWT, or `anonymous`. */
  readonly who: string;
  readonly address: string;
  readonly requestId: string;
}

/** Larger ones would make the trail take more of Redis than the locks do. */
const LARGEST = 4_096;

/** Keeps a target or a result small. What was too large says so. */
export function small(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const bytes = JSON.stringify(value).length;
  return bytes <= LARGEST ? value : { tooLargeToKeep: bytes };
}
