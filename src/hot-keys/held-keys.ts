import type { Clock } from '../clock.ts';
import { FirstOf } from '../domain/first-of.ts';
import { keyOf } from '../domain/unit.ts';
import type { LockSummary, OperatorBox } from '../penalty-box/operator-box.ts';
import { keyName } from './key-name.ts';

interface Deps {
  readonly operator: Pick<OperatorBox, 'scan'>;
  readonly clock: Clock;
}

/** A key with many held messages. */
export type HeldKey = Pick<LockSummary, 'unit' | 'partition' | 'held' | 'heldBytes'>;

/** What was found when all locks of some partitions were looked at. Exact, save for what changed meanwhile. */
export interface HeldKeys {
  /** Epoch ms. */
  readonly at: number;
  /** Held messages of all keys. */
  readonly total: number;
  /** The most first. */
  readonly keys: readonly HeldKey[];
  /** Partitions that could not be looked at. */
  readonly without: readonly number[];
}

/** Given at most. */
export const KEPT = 200;
/** What was found is good for so long, ms. */
const FRESH = 5_000;

/**
 * The keys that hold most messages. Which they are is known only to the box: an order by it would cost each lock memory. So all
 * locks are looked at, a page at a time, at most every five seconds for all who ask.
 */
export class HeldKeysReader {
  readonly #deps: Deps;
  #found: { readonly begun: number; readonly partitions: string; readonly keys: Promise<HeldKeys> } | null =
    null;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  read(partitions: readonly number[]): Promise<HeldKeys> {
    const { clock } = this.#deps;
    const name = partitions.join();
    const before = this.#found;
    if (before?.partitions === name && clock.monotonic() - before.begun < FRESH) return before.keys;
    const keys = this.#scan(partitions);
    this.#found = { begun: clock.monotonic(), partitions: name, keys };
    return keys;
  }

  async #scan(partitions: readonly number[]): Promise<HeldKeys> {
    const { operator, clock } = this.#deps;
    const first = new FirstOf<HeldKey>(KEPT, byHeld);
    const without: number[] = [];
    let total = 0;
    for (const partition of partitions) {
      try {
        for await (const page of operator.scan(partition)) {
          for (const { unit, held, heldBytes } of page) {
            total += held;
            if (keyOf(unit) !== null) first.offer({ unit, partition, held, heldBytes });
          }
        }
      } catch {
        without.push(partition);
      }
    }
    return { at: clock.now(), total, keys: distinct(first.inOrder()), without };
  }
}

/** A scan may give a lock twice while Redis rearranges its hash. */
function distinct(keys: readonly HeldKey[]): HeldKey[] {
  const seen = new Set<string>();
  return keys.filter(({ unit, partition }) => {
    const name = keyName(unit, partition);
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

function byHeld(a: HeldKey, b: HeldKey): number {
  return b.held - a.held || a.partition - b.partition || Buffer.compare(a.unit, b.unit);
}
