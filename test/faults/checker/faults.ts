import type { Fault, FaultKind } from '../history.ts';
import { upTo } from './sorted.ts';

/** A fault is felt for some time after it is over: sessions expire, clients reconnect, shards are rebuilt. */
const AFTERMATH = 20_000;

const REDIS_LOSSES = new Set<FaultKind>([
  'redis-flushed',
  'redis-killed',
  'redis-restarted',
  'all-gone',
  'rolling-restart',
]);

/** What keeps the journal from being written: Kafka does not take it, Redis does not give it, or its owner is away. */
const JOURNAL_OBSTACLES = new Set<FaultKind>([
  ...(['kafka-cut', 'kafka-silent', 'kafka-slow', 'broker-killed'] as const),
  ...(['redis-cut', 'redis-silent', 'redis-slow'] as const),
  ...(['service-killed', 'service-stopped', 'service-terminated', 'all-gone', 'rolling-restart'] as const),
]);

/**
 * Beyond `journalInterval`: the round that reads the journal from Redis, and its way to Kafka until it is acknowledged,
 * on a machine of two cores that is busy with three brokers and everything else (747 ms were seen, under a load of 24).
 */
const JOURNAL_ON_ITS_WAY = 1_000;
/** Until the next owner has taken a shard over, or clients have found each other again: a session timeout and some. */
const RECOVERY = 15_000;

/** Nothing goes by the wall clock: nobody waits because it jumped. */
const HARMLESS = new Set<FaultKind>(['clock-jumped']);

/** What was done to the system, and what it may explain. */
export class Faults {
  readonly all: readonly Fault[];
  readonly #losses: readonly Fault[];
  readonly #obstacles: readonly Fault[];
  /** Times with a fault or its aftermath, merged, sorted by their beginnings. */
  readonly #restless: { readonly at: number; until: number }[] = [];

  constructor(faults: readonly Fault[]) {
    this.all = [...faults].sort((a, b) => a.at - b.at);
    this.#losses = this.all.filter(({ kind }) => REDIS_LOSSES.has(kind));
    this.#obstacles = this.all.filter(({ kind }) => JOURNAL_OBSTACLES.has(kind));
    for (const { at, until, kind } of this.all) {
      if (HARMLESS.has(kind)) continue;
      const last = this.#restless.at(-1);
      const over = Math.max(at, until) + AFTERMATH;
      if (last !== undefined && at <= last.until) last.until = Math.max(last.until, over);
      else this.#restless.push({ at, until: over });
    }
  }

  /** No fault in that time, and none of which it may still feel something. */
  calm(from: number, to: number): boolean {
    const last = this.#restless[upTo(this.#restless, to) - 1];
    return last === undefined || last.until < from;
  }

  /** The last fault that may have been felt between the two times. */
  felt(from: number, to: number): Fault | undefined {
    return this.all.findLast(({ at, until }) => at <= to && until + AFTERMATH >= from);
  }

  /** Those during that time. */
  during(from: number, to: number): Fault[] {
    return this.all.filter(({ at, until }) => at <= to && until >= from);
  }

  /** With service and Redis gone, and nothing done to consumers and Kafka. */
  get gone(): Fault[] {
    const disturbing = this.all.filter(({ kind }) => /^(consumer|kafka|broker|rolling)-/.test(kind));
    return this.all.filter(
      ({ kind, at, until }) =>
        kind === 'all-gone' && disturbing.every((other) => other.at >= until || other.until + AFTERMATH < at),
    );
  }

  lostRedis(from: number, to: number): boolean {
    return this.#losses.some(({ at, until }) => until >= from && at <= to);
  }

  /**
   * Whether Redis may have lost, before `to`, an outcome that happened at `from` and that the service had confirmed at
   * `known`, without Kafka having it in its journal.
   */
  mayHaveForgotten(
    from: number,
    known: number,
    to: number,
    journalInterval: number,
  ): 'redis' | 'journal' | undefined {
    const due = known + journalInterval + JOURNAL_ON_ITS_WAY;
    const losses = this.#losses.filter(({ at, until }) => until >= from && at <= to);
    if (losses.some(({ at }) => at <= due)) return 'redis';
    const stuck = this.#obstacles
      .filter(({ at, until }) => at <= due && until + RECOVERY >= known)
      .reduce((latest, { until }) => Math.max(latest, until + RECOVERY), -Infinity);
    return losses.some(({ at }) => at <= stuck) ? 'journal' : undefined;
  }
}
