import type { Failure, Outstanding } from '../../../../src/penalty-box/gate-box.ts';
import type { Arrival } from '../../../../src/penalty-box/entry.ts';
import type { Evidence, Ingested } from '../../../../src/penalty-box/owner-box.ts';
import type { BoxPolicy } from '../../../support/penalty-box.ts';

/** What a message of the box is, in plain words. `place` is its position in its key. */
export interface Entry {
  readonly unit: string;
  readonly place: readonly [offset: number, foreign: number];
  /** Origin offset, null = foreign. */
  readonly origin: number | null;
  state: 'pending' | 'held' | 'in-flight' | 'dead-lettering' | 'dead-lettered';
  attempt: number;
  unanswered: number;
  firstFailedAt: number;
  dueAt: number;
  fatal: boolean;
  /** Why it has to leave for the dead-letter topic, whatever its attempts say. */
  condemned: string;
  /** Up to so many attempts it may make, whatever the policy says. */
  granted: number;
  /** How often in a row Kafka refused it for its own sake. */
  refused: number;
  /** Its dead letter lacks the value. */
  kept: boolean;
  token: string;
  admittedUnder: string;
  copyAt: number | null;
  record: { readonly offset: number; readonly bytes: number } | null;
  announcement: {
    readonly at: number;
    readonly claim: string;
    readonly failure: Failure | null;
    readonly notBefore: number;
  } | null;
}

export interface Lock {
  readonly unit: string;
  readonly since: number;
  entries: Entry[];
  parked: 'no' | 'by operator' | 'by dead letter';
  draining: boolean;
  /** Since when its records are held by their claimant, 0 = they are not. */
  holdingSince: number;
}

/** A copy as its consumer names it. */
export interface Copy {
  readonly unit: string;
  readonly place: readonly [number, number];
  readonly token: string;
}

/** What a claimant is told to publish. */
export type Told = Pick<Entry, 'attempt' | 'announcement'>;

/** For how long a key's records are held in all, ms. */
const HOLD_FOR = 5_000;

const NOWHERE = { failed: 0, behind: 0, again: 0, arrived: 0, duplicate: 0, late: 0, moved: 0 };

/** The penalty box of one shard as the protocol describes it, in memory. */
export class BoxModel {
  readonly policy: BoxPolicy;
  readonly hold: boolean;
  time = 0;
  locks = new Map<string, Lock>();
  known = new Map<string, number>();
  /** The committed offset of the last evidence. */
  committed = 0;
  cursor = 0;
  /** Resolved records that the checkpoint may not pass yet: retry offset → origin. */
  settling = new Map<number, number>();
  /** Ids of redrives that have been read. */
  redriven = new Set<string>();
  claim: {
    epoch: string;
    end: number;
    used: boolean;
    generation: number | null;
    renewedAt: number;
    canHold: boolean;
  } | null = null;
  lastClaimEpoch = 0;
  calls = new Map<string, number>();
  rebuilding = false;
  /** Reading has stopped, and nothing is kept of what a claimant is told to redirect. */
  behind = false;

  constructor(policy: BoxPolicy, hold: boolean) {
    this.policy = policy;
    this.hold = hold;
  }

  // ── reading ──

  find(unit: string, place: readonly [number, number]): Entry | undefined {
    return this.locks.get(unit)?.entries.find((entry) => same(entry.place, place));
  }

  all(): Entry[] {
    return [...this.locks.values()].flatMap(({ entries }) => entries);
  }

  knownTo(unit: string): number {
    return this.known.get(unit) ?? -1;
  }

  /** When the head is due; null: the lock waits for something else. */
  nextAttemptAt(lock: Lock): number | null {
    const [head] = lock.entries;
    const waits = lock.parked !== 'no' || lock.entries.some(inFlight) || head?.state !== 'held';
    return waits ? null : head.dueAt;
  }

  /** The smallest offset that the service's own group may not pass. */
  checkpoint(): number {
    const records = this.all().flatMap(({ record }) => (record ? [record.offset] : []));
    return Math.min(this.cursor, ...records, ...this.settling.keys());
  }

  /** Why the head can't be tried again, '' = it can. */
  usedUp(entry: Entry): string {
    const { maxAttempts, maxAge } = this.policy;
    if (entry.condemned !== '') return entry.condemned;
    if (entry.unanswered >= maxAttempts) return 'unanswered';
    if (entry.fatal) return 'fatal';
    if (entry.attempt < entry.granted) return '';
    if (entry.attempt >= maxAttempts) return 'exhausted';
    if (maxAge !== null && entry.firstFailedAt > 0 && this.time - entry.firstFailedAt >= maxAge)
      return 'expired';
    return '';
  }

  // ── the gate ──

  /** null = refused as too old. */
  takeClaim(
    consumer: string,
    generation: number | null,
    call: number | null,
    end: number,
    committed: number,
    canHold: boolean,
  ): { unanswered: number } | null {
    const before = this.claim;
    const alive = before !== null && this.time - before.renewedAt < this.policy.claimTtl;
    if (alive && generation !== null && before.generation !== null && generation < before.generation)
      return null;
    if (call !== null && call <= (this.calls.get(consumer) ?? -1)) return null;
    if (call === null) this.calls.delete(consumer);
    else this.calls.set(consumer, call);
    const unanswered = this.all()
      .filter(
        (e) =>
          e.state === 'in-flight' &&
          e.admittedUnder === before?.epoch &&
          (e.copyAt ?? -1) >= Math.max(0, committed),
      )
      .sort((a, b) => (a.copyAt ?? 0) - (b.copyAt ?? 0))[0];
    if (unanswered) unanswered.unanswered++;
    this.lastClaimEpoch = Math.max(this.lastClaimEpoch + 1, this.time);
    const epoch = String(this.lastClaimEpoch);
    this.claim = { epoch, end, used: false, generation, renewedAt: this.time, canHold };
    return { unanswered: unanswered?.copyAt ?? -1 };
  }

  outstanding(records: readonly (Outstanding & { readonly name: string })[]): void {
    for (const { name, origin, attempt, failure } of records) {
      if (this.find(name, own(origin)) || origin <= this.knownTo(name)) continue;
      this.announce(name, origin, attempt, failure, 0);
    }
  }

  fresh(unit: string, origin: number, mayHold: boolean): Told | 'skip' | 'process' | 'hold' {
    const entry = this.find(unit, own(origin));
    if (entry) return entry.state === 'pending' ? entry : 'skip';
    if (origin <= this.knownTo(unit)) return 'skip';
    if (this.behind) return this.#unkept(0, null, 0);
    const lock = this.locks.get(unit);
    if (!lock) return 'process';
    if (mayHold && this.claim?.canHold === true && this.#atTheTail(lock, origin)) return 'hold';
    return this.announce(unit, origin, 0, null, 0);
  }

  /** Every entry is in flight and stands before it, and the claimant will tell what became of it. */
  #atTheTail(lock: Lock, origin: number): boolean {
    const last = lock.entries.at(-1);
    if (last === undefined || lock.parked !== 'no' || last.place[0] > origin) return false;
    if (last.place[0] === origin && last.place[1] > 0) return false;
    if (lock.entries.some(({ state }) => state !== 'in-flight')) return false;
    if (lock.holdingSince === 0) lock.holdingSince = this.time;
    return this.time - lock.holdingSince < HOLD_FOR;
  }

  /** `given` is what has the verdict `process` in this request so far. */
  redelivered(copy: Copy, claimEpoch: string, given: Entry[]): 'skip' | 'process' {
    const entry = this.find(copy.unit, copy.place);
    if (entry?.state !== 'in-flight' || entry.token !== copy.token) return 'skip';
    if (given.includes(entry)) return 'process';
    const lock = this.locks.get(copy.unit);
    const earlier = lock?.entries.slice(0, lock.entries.indexOf(entry)) ?? [];
    const turn = earlier.every((one) => given.includes(one));
    const alone = given.some((one) => one.unanswered > 0) || (entry.unanswered > 0 && given.length > 0);
    if (!turn || alone) {
      land(entry);
      return 'skip';
    }
    given.push(entry);
    entry.admittedUnder = claimEpoch;
    return 'process';
  }

  failedFresh(unit: string, origin: number, failure: Failure): Told | 'stale' {
    const entry = this.find(unit, own(origin));
    if (entry) return entry.state === 'pending' ? entry : 'stale';
    if (origin <= this.knownTo(unit)) return 'stale';
    const notBefore = failure.retryAfter > 0 ? this.time + failure.retryAfter : 0;
    if (this.behind) return this.#unkept(1, failure, notBefore);
    return this.announce(unit, origin, 1, failure, notBefore);
  }

  /** True: unlocked. */
  succeeded(copy: Copy): boolean {
    const entry = this.find(copy.unit, copy.place);
    if (entry && entry.state !== 'dead-lettered') {
      const flew = inFlight(entry);
      this.#resolve(entry);
      const lock = this.locks.get(copy.unit);
      if (flew && lock && !lock.entries.some(inFlight)) lock.draining = true;
    }
    return !this.locks.has(copy.unit);
  }

  failed(copy: Copy, failure: Failure): Entry | 'stale' | 'deadLettered' {
    const entry = this.find(copy.unit, copy.place);
    if (entry?.state !== 'in-flight' || entry.token !== copy.token) return 'stale';
    this.#recall(copy.unit);
    const { backoff, maxAttempts, maxAge } = this.policy;
    entry.attempt++;
    entry.unanswered = 0;
    entry.fatal = failure.fatal;
    if (entry.firstFailedAt === 0) entry.firstFailedAt = this.time;
    const delay =
      backoff.kind === 'schedule'
        ? 0
        : Math.min(backoff.max, backoff.initial * backoff.multiplier ** (entry.attempt - 1));
    const over =
      failure.fatal ||
      entry.attempt >= Math.max(maxAttempts, entry.granted) ||
      (maxAge !== null && this.time - entry.firstFailedAt >= maxAge);
    entry.dueAt = over ? this.time : this.time + Math.max(delay, failure.retryAfter);
    return over ? 'deadLettered' : entry;
  }

  announce(unit: string, origin: number, attempt: number, failure: Failure | null, notBefore: number): Entry {
    const entry = this.#enter(unit, own(origin), origin);
    Object.assign(entry, this.#unkept(attempt, failure, notBefore));
    this.#open(unit).holdingSince = 0;
    this.#know(unit, origin);
    return entry;
  }

  #unkept(attempt: number, failure: Failure | null, notBefore: number): Told {
    const announcement = { at: this.time, claim: this.claim?.epoch ?? '', failure, notBefore };
    return { attempt, announcement };
  }

  // ── the owner ──

  /** Answers how many announced records have not been read. */
  stopReading(): number {
    this.behind = true;
    return this.all().filter(({ state }) => state === 'pending').length;
  }

  /** What was told meanwhile lies in the retry topic alone: the claims of that time end. */
  readOn(): void {
    if (this.behind && this.claim) {
      this.lastClaimEpoch = Math.max(this.lastClaimEpoch + 1, this.time);
      this.claim = { ...this.claim, epoch: String(this.lastClaimEpoch), used: false };
    }
    this.behind = false;
  }

  ingest(
    next: number,
    arrivals: readonly (Arrival & {
      readonly name: string;
      readonly place: readonly [number, number] | null;
    })[],
  ): Ingested {
    const counts = { ...NOWHERE };
    for (const arrival of arrivals) counts[this.#arrive(arrival)]++;
    this.cursor = next;
    return counts;
  }

  release(entry: Entry, token: string, deadLetter: boolean): void {
    entry.state = deadLetter ? 'dead-lettering' : 'in-flight';
    entry.token = token;
    entry.admittedUnder = '';
    entry.copyAt = null;
  }

  acknowledge(copy: Copy, offset: number): void {
    const entry = this.find(copy.unit, copy.place);
    if (entry?.state !== 'in-flight' || entry.token !== copy.token) return;
    entry.copyAt = offset;
    entry.refused = 0;
  }

  /** `refusals`: Kafka refused it for its own sake, and bears so many of them; 0: it was none. */
  withdraw(copy: Copy, notBefore: number, reason: string, refusals: number): void {
    const entry = this.find(copy.unit, copy.place);
    if (!entry || !inFlight(entry) || entry.token !== copy.token || entry.admittedUnder !== '') return;
    land(entry);
    entry.dueAt = Math.max(entry.dueAt, notBefore);
    if (reason !== '') entry.condemned = reason;
    if (refusals === 0) return;
    entry.refused++;
    if (entry.refused >= refusals) Object.assign(entry, { condemned: 'undeliverable', dueAt: this.time });
  }

  /** `keep`: the dead letter lacks the value. */
  bury(copy: Copy, keep = false): void {
    const entry = this.find(copy.unit, copy.place);
    const lock = this.locks.get(copy.unit);
    if (!lock || entry?.state !== 'dead-lettering' || entry.token !== copy.token) return;
    lock.draining = true;
    if (keep || (this.hold && copy.unit.startsWith('k') && entry.condemned !== 'operator')) {
      land(entry);
      entry.state = 'dead-lettered';
      entry.kept = keep;
      if (lock.parked === 'no') lock.parked = 'by dead letter';
    } else {
      this.#resolve(entry);
    }
  }

  takeOver(): void {
    for (const entry of this.all()) {
      if (inFlight(entry) && entry.copyAt === null && entry.admittedUnder === '') land(entry);
    }
    this.#holdAtMarkers();
  }

  evidence({ committed, passed, first }: Evidence): {
    succeeded: number;
    redelivered: number;
    reaped: number[];
  } {
    const found = { succeeded: 0, redelivered: 0, reaped: [] as number[] };
    if (committed >= 0) this.committed = committed;
    for (const entry of this.all()) {
      if (entry.state !== 'in-flight' || entry.copyAt === null) continue;
      if (!this.policy.gated && entry.copyAt < passed) {
        this.#resolve(entry);
        found.succeeded++;
      } else if (entry.copyAt < passed || entry.copyAt < first) {
        land(entry);
        found.redelivered++;
      }
    }
    if (committed >= 0) {
      for (const entry of this.all()) {
        if (entry.state !== 'pending' || entry.origin === null || entry.origin >= committed) continue;
        found.reaped.push(entry.origin);
        this.#resolve(entry);
      }
      for (const [offset, origin] of this.settling) if (origin < committed) this.settling.delete(offset);
      for (const [unit, upTo] of this.known) if (upTo < committed) this.known.delete(unit);
    }
    this.#holdAtMarkers();
    return found;
  }

  /** Redis has lost everything but the epochs' order, and the owner begins to read at `from`. */
  lose(from: number): void {
    this.locks = new Map();
    this.known = new Map();
    this.settling = new Map();
    this.calls = new Map();
    this.redriven = new Set();
    this.claim = null;
    this.lastClaimEpoch = 0;
    this.committed = 0;
    this.cursor = from;
    this.behind = false;
    this.rebuilding = true;
  }

  // ── the operator ──

  act(unit: string, action: string): 'done' | 'unchanged' | 'unknown' {
    const lock = this.locks.get(unit);
    if (action === 'park' && (lock || unit.startsWith('k'))) {
      if (lock && lock.parked !== 'no') return 'unchanged';
      this.#open(unit).parked = 'by operator';
      return 'done';
    }
    if (!lock) return 'unknown';
    const head = lock.entries[0]?.record ? lock.entries[0] : undefined;
    switch (action) {
      case 'unpark':
        if (lock.parked === 'no') return 'unchanged';
        lock.parked = 'no';
        if (head?.state === 'dead-lettered') this.#resolve(head);
        else if (lock.entries.length === 0) this.locks.delete(unit);
        this.#holdAtMarkers();
        return 'done';
      case 'retry-now':
        if (head?.state === 'dead-lettered') {
          if (lock.parked === 'by dead letter') lock.parked = 'no';
          Object.assign(head, {
            state: 'held',
            condemned: '',
            fatal: false,
            unanswered: 0,
            refused: 0,
            kept: false,
            granted: head.attempt + 1,
          });
        } else if (head?.state !== 'held' || lock.parked !== 'no') {
          return 'unchanged';
        }
        head.dueAt = this.time;
        return 'done';
      case 'skip-head':
        if (!head || head.state === 'dead-lettering' || head.state === 'dead-lettered') return 'unchanged';
        this.#recall(unit, false);
        lock.parked = 'no';
        head.condemned = 'operator';
        head.dueAt = this.time;
        return 'done';
      case 'discard-head':
        if (!head) return 'unchanged';
        this.#recall(unit, false);
        if (head.state === 'dead-lettered' && lock.parked === 'by dead letter') lock.parked = 'no';
        this.#resolve(head);
        return 'done';
      default:
        this.#recall(unit, false);
        lock.parked = 'no';
        for (let first = lock.entries[0]; first?.record; first = lock.entries[0]) {
          lock.parked = 'no';
          this.#resolve(first);
        }
        if (lock.entries.length === 0) this.locks.delete(unit);
        this.#holdAtMarkers();
        return 'done';
    }
  }

  // ── inside ──

  #arrive(
    a: Arrival & { readonly name: string; readonly place: readonly [number, number] | null },
  ): keyof typeof NOWHERE {
    const place = a.place ?? (a.origin === null ? null : own(a.origin));
    const entry = place && (this.rebuilding ? this.#findAgain(a.name, place) : this.find(a.name, place));
    const record = { offset: a.retryOffset, bytes: 21 + a.payload.length };
    const redrive = a.redrive !== '';
    if (this.redriven.has(a.redrive)) return 'duplicate';
    if (redrive) this.redriven.add(a.redrive);
    const givesWay = this.rebuilding || entry?.state === 'dead-lettered' || entry?.state === 'dead-lettering';
    if (redrive && entry && entry.state !== 'pending' && givesWay) {
      this.#comeAgain(entry, a, record);
      return a.attempt > 0 ? 'failed' : 'behind';
    }
    // A rebuild can't tell whether the token was current.
    const again = this.rebuilding
      ? a.token !== null && entry?.record
      : entry?.state === 'in-flight' && a.token?.nonce === entry.token;
    if (entry && again) {
      this.#recall(a.name);
      const attempt = Math.max(a.attempt, entry.attempt + (this.rebuilding ? 0 : 1));
      const firstFailedAt =
        entry.firstFailedAt > 0 ? entry.firstFailedAt : attempt > 0 && a.attempt > 0 ? a.failedAt : 0;
      this.#store(entry, a, record, {
        attempt,
        firstFailedAt,
        dueAt: Math.max(a.failedAt + a.delay, a.notBefore),
      });
      return 'again';
    }
    if (entry?.state === 'pending') {
      const failedAt = Math.max(a.failedAt, entry.announcement?.at ?? 0);
      const dueAt = Math.max(failedAt + a.delay, a.notBefore, entry.announcement?.notBefore ?? 0);
      this.#store(entry, a, record, {
        attempt: a.attempt,
        firstFailedAt: a.attempt > 0 ? failedAt : 0,
        dueAt,
      });
      return 'arrived';
    }
    const [offset, foreign] = place ?? [0, 1];
    const resolved = foreign === 0 && [...this.settling.values()].includes(offset);
    const decided = foreign === 0 && this.policy.gated && offset <= this.knownTo(a.name);
    // What was put aside before the loss the journal names.
    if (entry || (!this.rebuilding && !redrive && (resolved || decided))) return 'duplicate';
    if (this.#late(a)) return 'late';
    const behindAll = this.locks.get(a.name)?.entries.at(-1)?.place[0] ?? 0;
    const taken = this.#enter(
      a.name,
      foreign === 0 ? [offset, 0] : [behindAll, a.retryOffset + 1],
      foreign === 0 ? offset : null,
    );
    this.#store(taken, a, record, {
      attempt: a.attempt,
      firstFailedAt: a.attempt > 0 ? a.failedAt : 0,
      dueAt: Math.max(a.failedAt + a.delay, a.notBefore),
    });
    if (foreign === 0 && a.announced && this.policy.gated) this.#know(a.name, offset);
    return a.attempt > 0 ? 'failed' : 'behind';
  }

  /** A dead letter that somebody wants to be tried again, while the box still has it. */
  #comeAgain(entry: Entry, a: Arrival, record: Entry['record']): void {
    const lock = this.#open(entry.unit);
    land(entry);
    if (entry === lock.entries[0] && lock.parked === 'by dead letter') lock.parked = 'no';
    lock.draining = false;
    const dueAt = Math.max(a.failedAt + a.delay, a.notBefore);
    this.#store(entry, a, record, {
      attempt: a.attempt,
      firstFailedAt: a.attempt > 0 ? a.failedAt : 0,
      dueAt,
    });
  }

  /** A foreign message may stand behind others than before the loss. */
  #findAgain(unit: string, place: readonly [number, number]): Entry | undefined {
    const entries = this.locks.get(unit)?.entries ?? [];
    return place[1] === 0 ? this.find(unit, place) : entries.find((entry) => entry.place[1] === place[1]);
  }

  #late({ claim, retryOffset }: Arrival): boolean {
    const current = this.claim;
    if (!this.policy.gated || this.rebuilding || claim === '' || !current?.used) return false;
    return claim !== current.epoch && retryOffset >= current.end;
  }

  #store(
    entry: Entry,
    a: Arrival,
    record: Entry['record'],
    facts: Pick<Entry, 'attempt' | 'firstFailedAt' | 'dueAt'>,
  ): void {
    Object.assign(entry, facts, {
      state: 'held',
      record,
      announcement: null,
      unanswered: 0,
      granted: 0,
      refused: 0,
      kept: false,
      fatal: a.fatal,
      condemned: a.malformed ? 'malformed' : '',
    });
  }

  #open(unit: string): Lock {
    const lock = this.locks.get(unit) ?? {
      unit,
      since: this.time,
      entries: [],
      parked: 'no',
      draining: false,
      holdingSince: 0,
    };
    this.locks.set(unit, lock);
    return lock;
  }

  #enter(unit: string, place: readonly [number, number], origin: number | null): Entry {
    const lock = this.#open(unit);
    if (lock.entries.length === 0) lock.draining = false;
    const entry: Entry = {
      unit,
      place,
      origin,
      state: 'pending',
      attempt: 0,
      unanswered: 0,
      firstFailedAt: 0,
      dueAt: 0,
      fatal: false,
      condemned: '',
      granted: 0,
      refused: 0,
      kept: false,
      token: '',
      admittedUnder: '',
      copyAt: null,
      record: null,
      announcement: null,
    };
    lock.entries.push(entry);
    lock.entries.sort((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1]);
    return entry;
  }

  #know(unit: string, origin: number): void {
    const upTo = Math.max(this.knownTo(unit), origin);
    if (upTo >= this.committed) this.known.set(unit, upTo);
  }

  #recall(unit: string, failed = true): void {
    const lock = this.locks.get(unit);
    for (const entry of lock?.entries ?? []) if (entry.state === 'in-flight') land(entry);
    if (lock && failed) lock.draining = false;
  }

  #resolve(entry: Entry): void {
    const lock = this.#open(entry.unit);
    if (entry.record && entry.origin !== null && entry.origin >= this.committed)
      this.settling.set(entry.record.offset, entry.origin);
    lock.entries = lock.entries.filter((one) => one !== entry);
    if (lock.entries.length === 0 && lock.parked !== 'by operator') this.locks.delete(entry.unit);
    this.#holdAtMarkers();
  }

  /** A dead-lettered head holds its key, also when it was overtaken meanwhile. */
  #holdAtMarkers(): void {
    for (const lock of this.locks.values()) {
      if (lock.parked === 'no' && lock.entries[0]?.state === 'dead-lettered' && !lock.entries.some(inFlight))
        lock.parked = 'by dead letter';
    }
  }
}

export function own(origin: number): readonly [number, number] {
  return [origin, 0];
}

export function same(a: readonly [number, number], b: readonly [number, number]): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

export function inFlight(entry: Entry): boolean {
  return entry.state === 'in-flight' || entry.state === 'dead-lettering';
}

/** Its copy no longer counts. */
function land(entry: Entry): void {
  entry.state = 'held';
  entry.token = '';
  entry.admittedUnder = '';
  entry.copyAt = null;
}
