import type { Unit } from '../domain/unit.ts';
import { originOffsetOf } from '../domain/place.ts';
import { OrchestratorError } from '../errors.ts';
import type { Reply } from '../redis/define-script.ts';
import type { BoxScripts } from './box-scripts.ts';
import { readEntry, readHead } from './entry-view.ts';
import type { EntryView } from './entry-view.ts';
import { readLock } from './stored.ts';
import type { StoredLock } from './stored.ts';
import { deedOf, sha256 } from './deed.ts';
import { bytes, int, text } from './scripts.ts';
import type { ScriptReply } from './scripts.ts';

export type LockState = 'waiting' | 'probing' | 'draining' | 'parked';
export type Action = 'retry-now' | 'park' | 'unpark' | 'skip-head' | 'discard-head' | 'discard-all';

/** A lock without its entries. Times in epoch ms. */
export interface LockSummary {
  readonly unit: Unit;
  readonly partition: number;
  readonly state: LockState;
  readonly since: number;
  /** Messages in the box, announced ones included. */
  readonly held: number;
  readonly heldBytes: number;
  /** Handler attempts of the head so far. */
  readonly attempt: number;
  /** Origin offset of the head; null: its origin is foreign, or there is none. */
  readonly headOffset: number | null;
  /** Who holds it, where it is parked: an operator, or its head, which is a dead letter. */
  readonly parkedBy: 'operator' | 'dead-letter' | null;
}

/** A lock as a listing shows it. */
export interface ListedLock extends LockSummary {
  readonly nextAttemptAt: number | null;
  /** Of its head. */
  readonly lastError: EntryView['lastError'];
}

/** Where a lock stands in the order of its shard by age: near the time of its making, epoch ms; no two have the same. */
export type Age = number;

export interface BrowsedLock extends ListedLock {
  readonly age: Age;
}

/** What part of a shard's locks to look at. */
export interface Browse {
  readonly from: Age;
  /** Begin behind `from`, not at it. */
  readonly behind: boolean;
  readonly upTo: Age;
  /** At most this many are looked at, and at most that many given. */
  readonly look: number;
  readonly give: number;
  readonly state: LockState | null;
}

export interface Browsed {
  readonly locks: readonly BrowsedLock[];
  /** Of the last one looked at; null: there was none. */
  readonly last: Age | null;
  /** There are more behind it. */
  readonly more: boolean;
}

/** What heads say of their errors may lie in large records: more than this is not read at once. */
const BROWSED_BYTES = 256 * 1024;

/** Who claims a main partition, and how far its retry partition was read. Times on Redis' clock, epoch ms. */
export interface ClaimantView {
  readonly claimant: { readonly consumerId: string; readonly renewedAt: number } | null;
  readonly cursor: number;
  readonly now: number;
}

export interface HowToAct {
  /** Only on the lock of this age; another one of the same key counts as `unknown`. */
  readonly age?: Age;
  /** The same call with the same one is done once, and answered the same for a day. */
  readonly idempotencyKey?: string;
}

export interface Acted {
  readonly outcome: 'done' | 'unchanged' | 'unknown';
  /** Messages concerned. */
  readonly entries: number;
  /** It was done before, by the same call. */
  readonly repeated: boolean;
}

/** For how long answers are kept, ms. */
const DEEDS_KEPT = 86_400_000;

export interface LockView extends ListedLock {
  readonly entries: readonly EntryView[];
}

export interface Totals {
  readonly lockedKeys: number;
  readonly heldMessages: number;
  readonly heldBytes: number;
  readonly inFlight: number;
  readonly pending: number;
  readonly parked: number;
  readonly cursor: number;
  readonly knownKeys: number;
  /** When the oldest lock was made, epoch ms; null: there is none. */
  readonly oldestSince: number | null;
  /** The age of the lock that was made last, whether it is still there or not. */
  readonly youngest: Age;
  /** Keys whose head is due, and is not released yet. */
  readonly dueNow: number;
}

/** The box as an operator sees it. Any replica may call it. */
export class OperatorBox {
  readonly #scripts: BoxScripts;

  constructor(scripts: BoxScripts) {
    this.#scripts = scripts;
  }

  async totals(partition: number): Promise<Totals> {
    const result = await this.#ask(partition, 'totals', []);
    const [lockedKeys, heldMessages, heldBytes, inFlight, pending, parked, cursor, knownKeys] =
      result.map(int);
    const oldest = text(result[9]);
    return {
      lockedKeys: lockedKeys ?? 0,
      heldMessages: heldMessages ?? 0,
      heldBytes: heldBytes ?? 0,
      inFlight: inFlight ?? 0,
      pending: pending ?? 0,
      parked: parked ?? 0,
      cursor: cursor ?? 0,
      knownKeys: knownKeys ?? 0,
      oldestSince: oldest === '' ? null : Number(oldest),
      youngest: Number(text(result[10])),
      dueNow: int(result[11]),
    };
  }

  /** One lock with its first `limit` entries in order, or null. */
  async inspect(partition: number, unit: Unit, limit: number): Promise<LockView | null> {
    const result = await this.#ask(partition, 'inspect', [unit, limit]);
    if (result.length === 0) return null;
    const lock = readLock(bytes(result[0]));
    const entries: EntryView[] = [];
    for (let i = 2; i < result.length; i += 4) {
      entries.push(
        readEntry(bytes(result[i]), bytes(result[i + 1]), bytes(result[i + 2]), int(result[i + 3])),
      );
    }
    const summary = summarise(unit, partition, lock);
    return {
      ...summary,
      attempt: entries[0]?.attempt ?? summary.attempt,
      nextAttemptAt: text(result[1]) === '' ? null : int(result[1]),
      lastError: entries[0]?.lastError ?? null,
      entries,
    };
  }

  async claimant(partition: number): Promise<ClaimantView> {
    const [consumer, renewedAt, cursor, now] = await this.#ask(partition, 'claimant', []);
    const consumerId = text(consumer);
    return {
      claimant: consumerId === '' ? null : { consumerId, renewedAt: int(renewedAt) },
      cursor: int(cursor),
      now: int(now),
    };
  }

  /** The ages of a shard's locks, the oldest first, at most `limit`. */
  async ages(
    partition: number,
    range: Pick<Browse, 'from' | 'behind' | 'upTo'>,
    limit: number,
  ): Promise<Age[]> {
    return (await this.#ask(partition, 'ages', [...boundsOf(range), limit])).map(int);
  }

  /** The locks of a shard by their age, a page at a time: what it costs does not depend on how many there are. */
  async browse(partition: number, { look, give, state, ...range }: Browse): Promise<Browsed> {
    const args = [...boundsOf(range), look, give, BROWSED_BYTES, state ?? ''];
    const result = await this.#ask(partition, 'browse', args);
    const locks: BrowsedLock[] = [];
    for (let i = 2; i < result.length; i += 6) {
      const [age, unit, packed, due, packedState, record] = result.slice(i, i + 6);
      const summary = summarise(bytes(unit), partition, readLock(bytes(packed)));
      const head = readHead(bytes(packedState), bytes(record));
      locks.push({
        ...summary,
        attempt: head?.attempt ?? summary.attempt,
        nextAttemptAt: text(due) === '' ? null : int(due),
        lastError: head?.lastError ?? null,
        age: int(age),
      });
    }
    const last = text(result[0]);
    return { locks, last: last === '' ? null : Number(last), more: int(result[1]) === 1 };
  }

  /** `unknown`: there is no such lock. */
  async act(partition: number, unit: Unit, action: Action, how: HowToAct = {}): Promise<Acted> {
    const deed = how.idempotencyKey === undefined ? null : deedOf(how.idempotencyKey, unit, action);
    let acted = null as Acted | null;
    let [age, upto] = [how.age === undefined ? '' : String(how.age), ''];
    // One script discards so many messages at most, and says where to go on.
    for (;;) {
      const args = [unit, action, age, upto, deed?.field ?? '', DEEDS_KEPT];
      const [word, count, ...rest] = answered(
        partition,
        await this.#scripts.act(partition, args, deed?.name ?? null),
      );
      acted = {
        outcome: acted?.outcome ?? (text(word) as Acted['outcome']),
        // With a name the script keeps the sum itself.
        entries: (deed === null ? (acted?.entries ?? 0) : 0) + int(count),
        repeated: int(rest[2]) === 1,
      };
      [age, upto] = [text(rest[0]), text(rest[1])];
      if (age === '') return acted;
    }
  }

  /**
   * What an Idempotency-Key was used for before, if it was; else this use is noted for a day, and null is answered.
   * @throws UNAVAILABLE
   */
  firstUse(idempotencyKey: string, use: string): Promise<string | null> {
    return this.#scripts.keep(sha256(idempotencyKey), use, DEEDS_KEPT);
  }

  /** What an Idempotency-Key was used for before, or null. @throws UNAVAILABLE */
  useOf(idempotencyKey: string): Promise<string | null> {
    return this.#scripts.kept(sha256(idempotencyKey));
  }

  /** Notes something else of a use that was noted. @throws UNAVAILABLE */
  replaceUse(idempotencyKey: string, use: string): Promise<void> {
    return this.#scripts.keepInstead(sha256(idempotencyKey), use);
  }

  /** Every lock of a shard, a page at a time, in no order; changes meanwhile may or may not be seen. */
  async *scan(partition: number): AsyncGenerator<LockSummary[]> {
    for await (const page of this.#scripts.scanLocks(partition)) {
      yield page.map(([unit, packed]) => summarise(unit, partition, readLock(packed)));
    }
  }

  async #ask(
    partition: number,
    operation: 'totals' | 'inspect' | 'ages' | 'browse' | 'claimant',
    args: (string | number | Buffer)[],
  ): Promise<readonly Reply[]> {
    return answered(partition, await this.#scripts.run(partition, operation, args));
  }
}

function answered(partition: number, reply: ScriptReply): readonly Reply[] {
  if (reply.status === 'OK') return reply.result;
  throw new OrchestratorError('NOT_READY', `shard ${String(partition)} is being restored`, {
    retryAfterMs: 1_000,
  });
}

function summarise(unit: Unit, partition: number, lock: StoredLock): LockSummary {
  const flying = lock.inFlight > 0;
  return {
    unit,
    partition,
    state: lock.parkedBy !== null ? 'parked' : lock.draining ? 'draining' : flying ? 'probing' : 'waiting',
    since: lock.since,
    held: lock.count,
    heldBytes: lock.bytes,
    attempt: lock.attempt,
    headOffset: lock.head === null ? null : originOffsetOf(lock.head),
    parkedBy: lock.parkedBy,
  };
}

function boundsOf({ from, behind, upTo }: Pick<Browse, 'from' | 'behind' | 'upTo'>): [string, string] {
  return [`${behind ? '(' : ''}${scoreOf(from)}`, scoreOf(upTo)];
}

/** As Redis reads the bounds of a range. */
function scoreOf(age: Age): string {
  if (Number.isFinite(age)) return String(age);
  return age > 0 ? '+inf' : '-inf';
}
