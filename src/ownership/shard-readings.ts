import type { Clock } from '../clock.ts';
import type { ShardReadings } from '../metrics/shard-gauges.ts';
import type { OperatorBox, Totals } from '../penalty-box/operator-box.ts';
import { Recurring } from '../recurring.ts';
import type { LagReadings } from './lag-readings.ts';
import type { Shard } from './shard.ts';

type LookedAt = Pick<Shard, 'partition' | 'restored' | 'lag'>;

interface Deps {
  readonly operator: Pick<OperatorBox, 'totals'>;
  readonly now: () => number;
  readonly clock: Clock;
  /** `ordering: none` has no locks: its messages are counted, not locked. */
  readonly ordered: boolean;
  /** Open dead letters, where this shard is the one that reports them. */
  readonly deadLetters: () => number;
  readonly lags: Pick<LagReadings, 'consumerLag' | 'drift'>;
}

const INTERVAL = 2_000;

/** The figures of a shard that this replica owns, read every few seconds: a scrape asks nobody. */
export class ReadShard implements ShardReadings {
  readonly #deps: Deps;
  readonly #shard: LookedAt;
  readonly #looks: Recurring;
  #totals: Totals | null = null;

  constructor(shard: LookedAt, deps: Deps) {
    this.#shard = shard;
    this.#deps = deps;
    // At once: what Redis loses now has to be counted as lost, and a shard that changes hands is not to be missed in sums.
    this.#looks = new Recurring({
      ...{ interval: INTERVAL, atOnce: true, clock: deps.clock },
      look: () => this.#read(),
    });
    void this.#looks.start();
  }

  stop(): void {
    void this.#looks.stop();
  }

  /** Redis had lost the shard, and it was rebuilt: how many locks it held before. */
  takeLost(): number {
    const lost = this.locksHeld;
    this.#totals = null;
    void this.#read();
    return lost;
  }

  get restored(): boolean {
    return this.#shard.restored;
  }

  get locksHeld(): number {
    return this.#deps.ordered ? (this.#totals?.lockedKeys ?? 0) : 0;
  }

  get oldestLockAgeSeconds(): number {
    const since = this.#totals?.oldestSince ?? null;
    return since === null || this.locksHeld === 0 ? 0 : Math.max(0, (this.#deps.now() - since) / 1_000);
  }

  get deadLetterDepth(): number {
    return this.#deps.deadLetters();
  }

  get heldMessages(): number {
    return this.#totals?.heldMessages ?? 0;
  }

  get heldBytes(): number {
    return this.#totals?.heldBytes ?? 0;
  }

  get inFlightMessages(): number {
    return this.#totals?.inFlight ?? 0;
  }

  get pendingMessages(): number {
    return this.#totals?.pending ?? 0;
  }

  get parkedKeys(): number {
    return this.#deps.ordered ? (this.#totals?.parked ?? 0) : 0;
  }

  get dueKeys(): number {
    return this.#totals?.dueNow ?? 0;
  }

  get ingestLagMessages(): number | null {
    return this.#shard.lag;
  }

  get consumerLagMessages(): number | null {
    return this.#deps.lags.consumerLag(this.#shard.partition);
  }

  get cursorDriftSeconds(): number | null {
    return this.#deps.lags.drift(this.#shard.partition);
  }

  async #read(): Promise<void> {
    const { operator } = this.#deps;
    const { partition } = this.#shard;
    try {
      this.#totals = await operator.totals(partition);
    } catch {
      // Redis is away or the shard is being rebuilt: the last figures stand, and readiness says what is wrong.
    }
  }
}
