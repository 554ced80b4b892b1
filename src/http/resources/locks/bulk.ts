import { OrchestratorError } from '../../../errors.ts';
import type { Action, BrowsedLock, LockState } from '../../../penalty-box/operator-box.ts';
import { partitionsOf } from '../../desks.ts';
import type { RouteDesk } from '../../route-desk.ts';
import { usedOtherwise } from './acting.ts';
import { pageByAge } from './by-age.ts';
import type { AgePosition, LockShelf } from './by-age.ts';

/** Which locks are meant. */
export interface BulkFilter {
  readonly state?: LockState;
  readonly partition?: number;
  readonly keyPrefix?: string;
  readonly errorClass?: string;
}

export interface BulkAction {
  readonly filter: BulkFilter;
  /** Only locks that are there since then, epoch ms. */
  readonly before: number;
  readonly action: Action;
  /** Only count them. */
  readonly dryRun: boolean;
  readonly limit: number;
  /** What makes the call the same as another one. */
  readonly use: string;
}

export interface BulkDone {
  matched: number;
  done: number;
  unchanged: number;
  /** They were there at the click, and left before their turn came. */
  gone: number;
  dryRun: boolean;
  /** All that matched were dealt with. */
  complete: boolean;
  /** Why not, one line each. */
  problems: string[];
}

/** Together on their way to Redis; between two pages others get their turn. */
const PAGE = 100;

/** What is kept of a call with an Idempotency-Key. */
interface Kept {
  readonly use: string;
  readonly before: number | null;
  /** The youngest lock of each partition at the click. */
  readonly clicked: Readonly<Record<string, number>>;
  /** Once all was done. */
  readonly result?: BulkDone;
}

/** What the click takes. */
interface Click {
  readonly before: number;
  /** By partition. */
  readonly youngest: ReadonlyMap<number, number>;
}

/**
 * Acts on all locks that match and were there at the click, the oldest first; what fails later is not taken. A shard that does
 * not answer is left out, and said so: the same call with the same Idempotency-Key goes on where it was, and does nothing twice.
 */
export class BulkRun {
  readonly #desk: RouteDesk;
  readonly #bulk: BulkAction;
  readonly #idempotencyKey: string | undefined;
  readonly #stopping: AbortSignal;
  readonly #failed = new Map<number, string>();
  readonly #counts = { matched: 0, done: 0, unchanged: 0, gone: 0 };

  constructor(desk: RouteDesk, bulk: BulkAction, idempotencyKey: string | undefined, stopping: AbortSignal) {
    this.#desk = desk;
    this.#bulk = bulk;
    this.#idempotencyKey = idempotencyKey;
    this.#stopping = stopping;
  }

  /** @throws INVALID where the Idempotency-Key was used for something else; UNAVAILABLE. */
  async run(): Promise<BulkDone> {
    const { operator } = this.#desk;
    const { use, dryRun, filter } = this.#bulk;
    const partitions = partitionsOf(this.#desk, filter.partition);
    const now = await this.#clickNow(partitions);
    const key = dryRun ? undefined : this.#idempotencyKey;
    if (key === undefined) return this.#from(partitions, now);

    const kept: Kept = {
      use,
      before: Number.isFinite(now.before) ? now.before : null,
      clicked: Object.fromEntries(now.youngest),
    };
    const first = await operator.firstUse(key, JSON.stringify(kept));
    const before = first === null ? kept : (JSON.parse(first) as Kept);
    if (before.use !== use) throw usedOtherwise();
    if (before.result !== undefined) return before.result;
    const result = await this.#from(partitions, {
      before: before.before ?? Infinity,
      // A shard that did not answer at the click: what is there now.
      youngest: new Map([
        ...now.youngest,
        ...Object.entries(before.clicked).map(([p, age]) => [Number(p), age] as const),
      ]),
    });
    if (result.complete) await operator.replaceUse(key, JSON.stringify({ ...before, result }));
    return result;
  }

  async #clickNow(partitions: readonly number[]): Promise<Click> {
    const youngest = new Map<number, number>();
    await Promise.all(
      partitions.map(async (partition) => {
        try {
          youngest.set(partition, (await this.#desk.operator.totals(partition)).youngest);
        } catch (error) {
          this.#fail(partition, error);
        }
      }),
    );
    return { before: this.#bulk.before, youngest };
  }

  async #from(partitions: readonly number[], click: Click): Promise<BulkDone> {
    const limited = await this.#goThrough(partitions, click);
    const stopped = this.#stopping.aborted;
    return {
      ...this.#counts,
      dryRun: this.#bulk.dryRun,
      complete: !limited && !stopped && this.#failed.size === 0,
      problems: [
        ...(stopped ? ['the service is stopping: call again'] : []),
        ...(limited ? [`only the ${this.#bulk.limit} oldest were taken: that is the limit`] : []),
        ...[...this.#failed].sort(([a], [b]) => a - b).map(([, problem]) => problem),
      ],
    };
  }

  /** True: there may be more than the limit. */
  async #goThrough(partitions: readonly number[], { before, youngest }: Click): Promise<boolean> {
    const { filter, limit } = this.#bulk;
    const { keyPrefix, errorClass } = filter;
    const prefix = keyPrefix === undefined ? null : Buffer.from(`k${keyPrefix}`, 'utf8');
    const narrow = prefix !== null || errorClass !== undefined;
    let after: AgePosition | null = null;
    for (;;) {
      const missing = limit - this.#counts.matched;
      if (missing <= 0) return after !== null;
      const page: Awaited<ReturnType<typeof pageByAge>> = await pageByAge(this.#shelf(youngest), {
        partitions: partitions.filter((partition) => !this.#failed.has(partition)),
        state: filter.state ?? null,
        before,
        wanted: narrow
          ? ({ unit, lastError }) =>
              (prefix === null || unit.subarray(0, prefix.length).equals(prefix)) &&
              (errorClass === undefined || lastError?.class === errorClass)
          : null,
        limit: Math.min(PAGE, missing),
        after,
      });
      await Promise.all(page.locks.map((lock) => this.#act(lock)));
      after = page.next;
      if (after === null || this.#stopping.aborted) return false;
    }
  }

  /** Of shards that do not answer nothing is there, and it is noted. */
  #shelf(youngest: ReadonlyMap<number, number>): LockShelf {
    const { operator } = this.#desk;
    const upToClick = <Bounds extends { readonly upTo: number }>(
      partition: number,
      bounds: Bounds,
    ): Bounds => ({
      ...bounds,
      upTo: Math.min(bounds.upTo, youngest.get(partition) ?? -Infinity),
    });
    return {
      browse: (partition, range) =>
        operator.browse(partition, upToClick(partition, range)).catch((error: unknown) => {
          this.#fail(partition, error);
          return { locks: [], last: null, more: false };
        }),
      ages: (partition, bounds, limit) =>
        operator.ages(partition, upToClick(partition, bounds), limit).catch((error: unknown) => {
          this.#fail(partition, error);
          return [];
        }),
    };
  }

  async #act({ partition, unit, age }: BrowsedLock): Promise<void> {
    if (this.#failed.has(partition)) return;
    this.#counts.matched++;
    if (this.#bulk.dryRun) return;
    const key = this.#idempotencyKey;
    const how = key === undefined ? { age } : { age, idempotencyKey: key };
    try {
      const { outcome } = await this.#desk.operator.act(partition, unit, this.#bulk.action, how);
      this.#counts[outcome === 'unknown' ? 'gone' : outcome]++;
    } catch (error) {
      this.#fail(partition, error);
    }
  }

  /** What was not done stays as it is, and is there for the next call. */
  #fail(partition: number, error: unknown): void {
    if (!(error instanceof OrchestratorError)) throw error;
    const why = error.code === 'NOT_READY' ? 'is being restored' : 'does not answer';
    this.#failed.set(partition, `partition ${partition} ${why}: the rest of it was left; call again`);
  }
}
