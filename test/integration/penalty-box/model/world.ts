import { strict as assert } from 'node:assert';
import type { Claim, Redirect } from '../../../../src/penalty-box/gate-box.ts';
import type { LockView } from '../../../../src/penalty-box/operator-box.ts';
import type { Arrival, Job } from '../../../../src/penalty-box/entry.ts';
import type { OwnerBox } from '../../../../src/penalty-box/owner-box.ts';
import { BEGIN, copyOf, unitOf } from '../../../support/penalty-box.ts';
import type { BoxPolicy, BoxShard } from '../../../support/penalty-box.ts';
import { BoxModel, inFlight } from './box-model.ts';
import type { Copy, Entry, Lock } from './box-model.ts';

/** The keys of the main topic's messages, again and again. */
const KEYS = ['a', 'a', 'b', 'a', 'a', null] as const;

export function keyOfOrigin(origin: number): string | null {
  return KEYS[origin % KEYS.length] ?? null;
}

export function nameOf(key: string | null, origin: number): string {
  return unitOf(key, origin).toString();
}

export type Run = (world: World, picks: readonly number[]) => Promise<void>;

/** A record of the retry topic, and what the model calls its unit. */
export type Appended = Arrival & { readonly name: string; readonly place: readonly [number, number] | null };

/** What is outside of the box: two topics, consumers and their claims, what owners have released. */
export class World {
  readonly model: BoxModel;
  readonly box: BoxShard;
  /** The retry topic. */
  readonly topic: Appended[] = [];
  readonly redirects: { readonly origin: number; readonly redirect: Redirect }[] = [];
  readonly jobs: Job[] = [];
  readonly claims: Claim[] = [];
  /** Reading went on after it had stopped: none of them counts. */
  claimsEnded = false;
  readonly owners: OwnerBox[] = [];
  /** What was answered to actions with an Idempotency-Key; what Redis forgets of a shard leaves it alone here. */
  readonly deeds = new Map<string, 'done' | 'unchanged'>();
  /** Locks that Redis forgot: nobody released them. */
  lostLocks = 0;
  /** The end of the topic that redeliveries go to. */
  delivered = 0;
  /** The next record of the main topic that no consumer has met. */
  next = 0;
  /** How many redirects were published: the oldest one that was not is the next. */
  published = 0;
  /** The keys that the current claimant has on its list, and how far it has heard of changes. */
  listed = new Set<string>();
  seen = 0;
  /** Origins of the records that the claimant keeps for itself. */
  readonly held = new Set<number>();
  /** How many times it was told to. */
  timesHeld = 0;
  /** How many times reading went on. */
  timesReadOn = 0;

  constructor(box: BoxShard, policy: BoxPolicy, hold: boolean) {
    this.box = box;
    this.model = new BoxModel(policy, hold);
    this.model.time = BEGIN;
  }

  /** An origin near the place where the consumers are, mostly one that they have met. */
  near(pick: number): number {
    return Math.max(0, this.next - 6) + (pick % 8);
  }

  /** Copies in the main topic, the newest most often. */
  job(pick: number): Job | undefined {
    return this.jobs.at(-1 - (pick % Math.min(6, Math.max(1, this.jobs.length))));
  }

  pass(ms: number): void {
    this.model.time += ms;
    this.box.time = this.model.time;
  }

  /** Usually the current claim, sometimes an earlier one; null: nobody has claimed. */
  claimAt(index: number): Claim | null {
    return this.claims.at(index % 5 === 4 ? 0 : -1) ?? null;
  }

  isCurrent(claim: Claim): boolean {
    return claim === this.claims.at(-1) && this.model.claim?.epoch === claim.claimEpoch;
  }

  /** The claimant puts keys on its list, and takes them off. */
  list(key: string | null, listed: boolean): void {
    if (key === null) return;
    if (listed) this.listed.add(key);
    else this.listed.delete(key);
  }

  holds(origin: number): void {
    this.held.add(origin);
    this.timesHeld++;
  }

  append(record: Omit<Appended, 'retryOffset'>): void {
    this.topic.push({ ...record, retryOffset: this.topic.length });
  }

  /** Everything that can be seen from outside is as the model says, and no lock is stuck. */
  async compare(): Promise<void> {
    const { model, box } = this;
    // Locks that the model has not would make the totals differ.
    const names = [...model.locks.keys()];
    const [totals, byAge, ...views] = await Promise.all([
      box.totals(),
      box.operator.browse(3, ALL),
      ...names.map((name) => box.operator.inspect(3, Buffer.from(name), 1_000)),
    ]);
    names.forEach((name, i) => {
      this.#compareLock(name, model.locks.get(name), views[i] ?? null);
    });
    assert.equal(
      box.acquired - box.released - this.lostLocks,
      model.locks.size,
      'acquired − released = held',
    );
    const entries = model.all();
    assert.deepEqual(
      { ...totals, knownKeys: 0, youngest: 0, dueNow: 0 },
      {
        lockedKeys: model.locks.size,
        heldMessages: entries.filter(({ record }) => record).length,
        heldBytes: bytesOf(entries),
        inFlight: entries.filter(inFlight).length,
        pending: entries.filter(({ state }) => state === 'pending').length,
        parked: [...model.locks.values()].filter(({ parked }) => parked !== 'no').length,
        cursor: model.cursor,
        knownKeys: 0,
        oldestSince: model.locks.values().next().value?.since ?? null,
        youngest: 0,
        dueNow: 0,
      },
    );
    // The order by age is the order in which the locks were made, and holds all of them and no other.
    assert.deepEqual(
      byAge.locks.map(({ unit }) => unit.toString()),
      names,
      'locks by age',
    );
    assert.ok((byAge.locks.at(-1)?.age ?? 0) <= totals.youngest);
  }

  #compareLock(name: string, lock: Lock | undefined, view: LockView | null): void {
    if (lock === undefined || view === null) {
      assert.equal(view === null, lock === undefined, `lock of ${name}`);
      return;
    }
    const [head] = lock.entries;
    assert.deepEqual(
      { held: view.held, bytes: view.heldBytes, head: view.headOffset, parked: view.state === 'parked' },
      {
        held: lock.entries.length,
        bytes: bytesOf(lock.entries),
        head: head?.origin ?? null,
        parked: lock.parked !== 'no',
      },
      name,
    );
    assert.deepEqual(
      view.entries,
      lock.entries.map((entry, i) => seenOf(entry, view.entries[i])),
      name,
    );
    const due = this.model.nextAttemptAt(lock);
    assert.equal(
      view.nextAttemptAt === null,
      due === null,
      `${name} is due at ${String(due)}, not ${String(view.nextAttemptAt)}`,
    );
    if (due !== null && view.nextAttemptAt !== null) {
      // What was due already when it became the head is due then, not before.
      assert.ok(view.nextAttemptAt >= due, `${name} is due too early`);
      assert.ok(view.nextAttemptAt <= Math.max(due, this.model.time), `${name} is due too late`);
    }
    const moves =
      view.nextAttemptAt !== null ||
      view.state === 'parked' ||
      view.entries[0]?.state === 'pending' ||
      view.entries.some(({ state }) => state === 'in-flight' || state === 'dead-lettering');
    assert.ok(moves, `nothing will ever happen to ${name}`);
  }
}

const ALL = { from: -Infinity, behind: false, upTo: Infinity, look: 1_000, give: 1_000, state: null };

/** What an operator sees of an entry. Errors are left out: they are told by the record. */
function seenOf(entry: Entry, shown: LockView['entries'][number] | undefined): LockView['entries'][number] {
  const dueAt = entry.state === 'pending' ? (entry.announcement?.notBefore ?? 0) : entry.dueAt;
  return {
    state: entry.state,
    offset: entry.origin,
    retryOffset: entry.record?.offset ?? null,
    attempt: entry.attempt,
    unanswered: entry.unanswered,
    firstFailedAt: entry.firstFailedAt > 0 ? entry.firstFailedAt : null,
    dueAt: dueAt > 0 ? dueAt : null,
    deliveredOffset: entry.copyAt,
    lastError: shown?.lastError ?? null,
    fatal: entry.state === 'pending' ? (shown?.fatal ?? false) : entry.fatal,
    condemned: entry.condemned,
    granted: entry.granted,
    refused: entry.refused,
    kept: entry.kept,
    admitted: entry.admittedUnder !== '',
    announcedAt: entry.state === 'pending' ? (entry.announcement?.at ?? 0) : null,
    foreignOrigin: null,
  };
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { record }) => sum + (record?.bytes ?? 0), 0);
}

/** The copy that a released job becomes, as the model names it. */
export function copyOfJob(job: Job): Copy {
  return { unit: job.unit.toString(), place: placeOf(job.id.subarray(6)), token: job.nonce };
}

export function placeOf(place: Buffer): readonly [number, number] {
  return [place.readUIntBE(2, 6), place.length === 16 ? place.readUIntBE(10, 6) : 0];
}

export function tokenOf(job: Job): NonNullable<Arrival['token']> {
  const { token } = copyOf(job);
  if (token === null || token === 'unreadable') throw new Error('a job has a token');
  return token;
}
