import { randomBytes } from 'node:crypto';
import { copyOf as copiedRecord } from '../../src/carry-forward/carried-copy.ts';
import { keyUnit, originUnit } from '../../src/domain/unit.ts';
import type { Unit } from '../../src/domain/unit.ts';
import type { KafkaRecord } from '../../src/domain/record.ts';
import { readArrival } from '../../src/ingest/read-arrival.ts';
import { createLogger } from '../../src/logger.ts';
import { BoxScripts } from '../../src/penalty-box/box-scripts.ts';
import type { BoxCall } from '../../src/penalty-box/box-scripts.ts';
import { GateBox } from '../../src/penalty-box/gate-box.ts';
import type {
  Blocking,
  Claim,
  ClaimRequest,
  Failure,
  GateOutcome,
  GatePolicy,
  GateRecord,
  GateReply,
  OutcomeResult,
  Redirect,
  Renewal,
  RenewalRequest,
  Verdict,
} from '../../src/penalty-box/gate-box.ts';
import { OperatorBox } from '../../src/penalty-box/operator-box.ts';
import type { LockView } from '../../src/penalty-box/operator-box.ts';
import { OwnerBox } from '../../src/penalty-box/owner-box.ts';
import type { Arrival, Job } from '../../src/penalty-box/entry.ts';
import type {
  Evidence,
  Findings,
  Ingested,
  OwnerReply,
  ReleasePolicy,
} from '../../src/penalty-box/owner-box.ts';
import { decodePayload, encodePayload } from '../../src/penalty-box/payload.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { shardKeys } from '../../src/redis/shard-keys.ts';
import { FakeClock } from './fake-clock.ts';

const KEY_PREFIX = 'box-test:';
const PARTITION = 3;
const RETRY = 'main.retry';
const HOME = { topic: 'main', partition: PARTITION };
/** Where the time of every shard begins, epoch ms. */
export const BEGIN = Date.parse('2026-01-01T00:00:00Z');
/** The first delay of the policy below. */
export const BACKOFF = 1_000;

/** One connection for all shards of a test file. */
export class BoxBench implements AsyncDisposable {
  readonly #connection: RedisConnection;
  /** A worker that runs one test file after another must not find what the one before has left. */
  readonly #id = randomBytes(4).toString('hex');
  #shards = 0;

  private constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  static async open(url: string): Promise<BoxBench> {
    const target = { kind: 'url', url } as const;
    const connection = new RedisConnection({ target, logger: createLogger('silent'), role: 'commands' });
    await connection.start();
    return new BoxBench(connection);
  }

  /** A shard that nobody else uses, in the hands of an owner: empty, and ready unless told otherwise. */
  async shard(policy: Partial<BoxPolicy> = {}): Promise<BoxShard> {
    const shard = this.untouched(policy);
    await shard.rebuild(0);
    return shard;
  }

  /** The same, before any owner. */
  untouched(policy: Partial<BoxPolicy> = {}): BoxShard {
    this.#shards++;
    return new BoxShard(this.#connection, `box-${this.#id}-${String(this.#shards)}`, policy);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { redis } = this.#connection;
    for (let i = 1; i <= this.#shards; i++) {
      await redis.unlink(shardKeys(KEY_PREFIX, `box-${this.#id}-${String(i)}`, PARTITION));
    }
    await this.#connection.stop();
  }
}

export type BoxPolicy = GatePolicy & ReleasePolicy & { readonly gated: boolean; readonly tell?: boolean };

const DEFAULTS: BoxPolicy = {
  backoff: { kind: 'exponential', initial: BACKOFF, multiplier: 2, max: 60_000, jitter: 0 },
  maxAttempts: 5,
  maxAge: null,
  claimTtl: 10_000,
  gateListLimit: 1_000,
  window: 8,
  gated: true,
};

const NOTHING_SEEN = { passed: -1, first: -1, redeliveryEnd: -1 };

/** A shard as its owner, a consumer's gate and an operator see it, with the time in the test's hand. */
export class BoxShard {
  readonly policy: BoxPolicy;
  readonly gate: GateBox;
  readonly operator: OperatorBox;
  readonly scripts: BoxScripts;
  readonly route: string;
  readonly calls: BoxCall[] = [];
  readonly #connection: RedisConnection;
  owner: OwnerBox;
  /** Epoch ms on Redis' clock. */
  time = BEGIN;
  random = 0;
  /** How new failures are refused. */
  blocking: Blocking | null = null;
  /** The next offset of the retry topic. */
  end = 0;
  claimed: Claim | null = null;
  /** What `read` and `journal` have appended to the retry topic. */
  readonly topic: (Arrival | { readonly ownerEpoch: number; readonly items: readonly Buffer[] })[] = [];
  #releases = 0;
  #stamps = 0;

  constructor(connection: RedisConnection, route: string, policy: Partial<BoxPolicy>) {
    this.policy = { ...DEFAULTS, ...policy };
    this.route = route;
    this.#connection = connection;
    const serverClock = { past: () => this.time, now: () => this.time };
    const servers = { serverOf: () => ({ connection, clock: serverClock }) };
    const clock = new FakeClock();
    const onCall = (call: BoxCall): void => void this.calls.push(call);
    const { tell = false } = this.policy;
    this.scripts = new BoxScripts({ servers, clock, keyPrefix: KEY_PREFIX, route, onCall, tell: () => tell });
    this.gate = new GateBox({
      scripts: this.scripts,
      policy: this.policy,
      random: () => this.random,
      blocking: () => this.blocking,
    });
    this.operator = new OperatorBox(this.scripts);
    this.owner = new OwnerBox(this.scripts, PARTITION);
  }

  get redis(): RedisConnection['redis'] {
    return this.#connection.redis;
  }

  get keys(): string[] {
    return shardKeys(KEY_PREFIX, this.route, PARTITION);
  }

  get acquired(): number {
    return this.calls.reduce((sum, call) => sum + call.acquired, 0);
  }

  get released(): number {
    return this.calls.reduce((sum, call) => sum + call.released.length, 0);
  }

  // ── the owner ──

  /** A new owner takes over, and rebuilds the box from `checkpoint`; what is in the topic the caller reads again. */
  async rebuild(checkpoint: number): Promise<string> {
    await this.takeOver();
    is(await this.owner.reset(checkpoint));
    return this.stamp();
  }

  async stamp(): Promise<string> {
    this.#stamps++;
    return is(await this.owner.stamp(`stamp${String(this.#stamps)}`));
  }

  /** The owner before stays as it was: the caller may have kept it. */
  async takeOver(): Promise<{ cursor: number | null; nextDue: number | null }> {
    this.owner = new OwnerBox(this.scripts, PARTITION);
    return this.owner.takeOver();
  }

  /** Redis forgets the shard. */
  async flush(): Promise<void> {
    await this.redis.del(this.keys);
  }

  /** Appends records to the retry topic and reads them. */
  async read(...records: readonly Partial<Arrival>[]): Promise<Ingested> {
    const arrivals = records.map((record, i) => arrival({ retryOffset: this.end + i, ...record }));
    const before = this.end;
    this.end += records.length;
    this.topic.push(...arrivals);
    return is(await this.owner.ingest(before, this.end, this.policy.gated, arrivals));
  }

  /** The owner tells Kafka what has happened; `noted`, unless its answer got lost. */
  async journal({ acknowledged = true } = {}): Promise<number> {
    const { noted } = is(await this.owner.journal(1_000, []));
    await this.append(
      Number(this.owner.ownerEpoch),
      noted.map(({ item }) => item),
    );
    if (acknowledged) is(await this.owner.journal(1_000, noted));
    return noted.length;
  }

  /** A journal record, which the owner reads and passes over. */
  async append(ownerEpoch: number, items: readonly Buffer[]): Promise<void> {
    this.topic.push({ ownerEpoch, items });
    is(await this.owner.ingest(this.end, this.end + 1, this.policy.gated, []));
    this.end++;
  }

  /** The copies that the owner appends of all retry records before that offset, to be read. */
  async carry(before = this.end): Promise<Partial<Arrival>[]> {
    const units = await this.owner.unitsByLock();
    const { ids } = is(await this.owner.lagging(before, '0'));
    const aged = is(
      await this.owner.carry(
        ids.map((id) => ({ unit: units.get(id.readUIntBE(0, 6))!, place: id.subarray(6) })),
      ),
    );
    return aged.map((entry) => {
      const { key, value, headers } = copiedRecord(entry, decodePayload(entry.payload, HOME), {
        route: this.route,
        retryTopic: RETRY,
        home: HOME,
      });
      return this.arrivalOf({
        ...{ key, value },
        headers: headers.map(([name, text]) => [name, Buffer.from(text as string)] as const),
      });
    });
  }

  /** What the service makes of the next record of the retry topic. */
  arrivalOf(record: Partial<KafkaRecord>): Partial<Arrival> {
    const policy = { ...this.policy, mainTopic: HOME.topic, ordering: 'key' } as const;
    const place = { topic: RETRY, partition: PARTITION, offset: this.end, timestamp: this.time };
    const { retryOffset: _, ...read } = readArrival(
      { key: null, value: null, headers: [], ...place, ...record },
      policy,
      this.time,
      0,
    );
    return read;
  }

  /** All parks are told anew. */
  async tellParks(): Promise<void> {
    const from = this.end;
    is(await this.owner.parks('0'));
    await this.journal();
    is(await this.owner.parksTold(from));
  }

  /** Redis forgets everything, and a new owner rebuilds the box from what the topic holds from `checkpoint` on. */
  async loseAndRebuild(checkpoint = 0): Promise<void> {
    await this.flush();
    await this.takeOver();
    is(await this.owner.reset(checkpoint));
    for (const [offset, one] of this.topic.entries()) {
      if (offset < checkpoint) continue;
      if ('items' in one) is(await this.owner.replay(offset, offset + 1, one.ownerEpoch, one.items));
      else is(await this.owner.ingest(offset, offset + 1, this.policy.gated, [one]));
    }
    await this.stamp();
  }

  async release(limit = 1_000): Promise<Job[]> {
    this.#releases++;
    const reply = await this.owner.release(limit, this.policy, `r${String(this.#releases)}-`);
    return is(reply);
  }

  /** Everything that is due, sent and acknowledged: the copies lie from `offset` on. */
  async deliver(offset: number, limit = 1_000): Promise<Job[]> {
    const jobs = await this.release(limit);
    is(await this.owner.acknowledge(jobs.map((job, i) => ({ job, offset: offset + i }))));
    return jobs;
  }

  async evidence(seen: Partial<Evidence>): Promise<Findings> {
    const evidence = { committed: -1, end: this.end, ...NOTHING_SEEN, ...seen };
    return is(await this.owner.evidence(this.policy.gated, evidence));
  }

  // ── the gate ──

  tryClaim(request: Partial<ClaimRequest> = {}): Promise<GateReply<Claim>> {
    return this.gate.claim(PARTITION, {
      consumerId: 'consumer',
      generation: null,
      call: null,
      end: this.end,
      committed: -1,
      canHold: false,
      outstanding: [],
      ...request,
    });
  }

  async claim(request: Partial<ClaimRequest> = {}): Promise<Claim> {
    this.claimed = accepted(await this.tryClaim(request));
    return this.claimed;
  }

  async renew(request: Partial<RenewalRequest> = {}): Promise<Renewal> {
    const { claimEpoch, incarnation, seen } = this.#claim();
    return accepted(
      await this.gate.renew(PARTITION, { claimEpoch, incarnation, seen, outstanding: [], ...request }),
    );
  }

  tryAdmit(records: readonly GateRecord[], claim = this.#claim()): Promise<GateReply<Verdict[]>> {
    return this.gate.admit(PARTITION, claim.claimEpoch, claim.incarnation, records);
  }

  async admit(...records: readonly (GateRecord | Job)[]): Promise<Verdict[]> {
    return accepted(await this.tryAdmit(records.map(asRecord)));
  }

  /** Only what each verdict is. */
  async verdicts(...records: readonly (GateRecord | Job)[]): Promise<Verdict['kind'][]> {
    return (await this.admit(...records)).map(({ kind }) => kind);
  }

  tryTell(outcomes: readonly GateOutcome[], claim = this.#claim()): Promise<GateReply<OutcomeResult[]>> {
    return this.gate.outcomes(PARTITION, claim.claimEpoch, claim.incarnation, outcomes);
  }

  async tell(...outcomes: readonly GateOutcome[]): Promise<OutcomeResult[]> {
    return accepted(await this.tryTell(outcomes));
  }

  async succeed(...records: readonly (GateRecord | Job)[]): Promise<OutcomeResult[]> {
    return this.tell(...records.map((record) => ({ ...asRecord(record), failure: null })));
  }

  async fail(record: GateRecord | Job, failure: Partial<Failure> = {}): Promise<OutcomeResult> {
    const [result] = await this.tell({ ...asRecord(record), failure: aFailure(failure) });
    if (result === undefined) throw new Error('no result');
    return result;
  }

  /** The handler failed for `first`, the others came behind it, and all were published and read. */
  async lock(key: string | null, first: number, ...behind: readonly number[]): Promise<void> {
    if (this.claimed === null) await this.claim();
    const redirects = [await this.fail(fresh(key, first))];
    if (behind.length > 0)
      redirects.push(...((await this.admit(...behind.map((offset) => fresh(key, offset)))) as Redirect[]));
    await this.read(
      ...[first, ...behind].map((origin, i) => announced(key, origin, redirects[i] as Redirect)),
    );
  }

  // ── the operator ──

  async view(key: string | null, origin = 0): Promise<LockView | null> {
    return this.operator.inspect(PARTITION, unitOf(key, origin), 10_000);
  }

  /** The origin offsets and states of a key's entries. */
  async entries(key: string): Promise<string[]> {
    const view = await this.view(key);
    return (view?.entries ?? []).map(({ offset, state }) => `${String(offset)} ${state}`);
  }

  act(
    key: string,
    action: Parameters<OperatorBox['act']>[2],
    how: Parameters<OperatorBox['act']>[3] = {},
  ): ReturnType<OperatorBox['act']> {
    return this.operator.act(PARTITION, unitOf(key, 0), action, how);
  }

  totals(): ReturnType<OperatorBox['totals']> {
    return this.operator.totals(PARTITION);
  }

  #claim(): Claim {
    if (this.claimed === null) throw new Error('nothing is claimed');
    return this.claimed;
  }
}

export function unitOf(key: string | null, origin: number): Unit {
  return key === null ? originUnit(origin) : keyUnit(Buffer.from(key));
}

/** A record as it was first read from the main topic. */
export function fresh(key: string | null, origin: number): GateRecord {
  return { unit: unitOf(key, origin), origin, token: null };
}

/** What the consumer sees of a redelivery. */
export function copyOf(job: Job): GateRecord {
  const place = job.id.subarray(6);
  const origin = place.length === 8 ? place.readUIntBE(2, 6) : 0;
  return { unit: job.unit, origin, token: { place, nonce: job.nonce } };
}

export function originOf(job: Job): number {
  return copyOf(job).origin;
}

export function aFailure(failure: Partial<Failure> = {}): Failure {
  return { errorClass: 'Boom', errorMessage: 'it broke', fatal: false, retryAfter: 0, ...failure };
}

/** The retry record that a gate's consumer publishes when it was told to. */
export function announced(key: string | null, origin: number, redirect: Redirect): Partial<Arrival> {
  return {
    unit: unitOf(key, origin),
    origin,
    claim: redirect.claim,
    announced: true,
    attempt: redirect.attempt,
    fatal: redirect.fatal,
    notBefore: redirect.notBefore,
    delay: redirect.attempt > 0 ? BACKOFF : 0,
  };
}

/** A retry record that no gate announced. */
export function arrival(record: Partial<Arrival>): Arrival {
  const retryOffset = record.retryOffset ?? 0;
  const origin = record.origin ?? null;
  const payload = encodePayload(
    {
      origin: { topic: 'main', partition: PARTITION, offset: origin ?? retryOffset },
      originTimestamp: BEGIN,
      key: null,
      value: Buffer.from(`value of ${String(origin)}`),
      valueAtOrigin: false,
      redrive: record.redrive ?? '',
      leftOut: null,
      headers: [],
      errorClass: 'Boom',
      errorMessage: 'it broke',
    },
    HOME,
  );
  return {
    retryOffset,
    unit: unitOf('a', 0),
    origin,
    token: null,
    claim: '',
    announced: false,
    failedAt: BEGIN,
    delay: BACKOFF,
    notBefore: 0,
    attempt: 1,
    fatal: false,
    malformed: false,
    carried: null,
    redrive: '',
    payload,
    ...record,
  };
}

/** The value of an owner's call that was not refused. */
export function is<Value>(reply: OwnerReply<Value>): Value {
  if (reply.kind !== 'ok') throw new Error(`refused: ${reply.kind}`);
  return reply.value;
}

/** The value of a gate's call that was not refused. */
export function accepted<Value>(reply: GateReply<Value>): Value {
  if (!reply.ok) throw new Error(`refused: ${reply.refused}`);
  return reply.value;
}

function asRecord(record: GateRecord | Job): GateRecord {
  return 'id' in record ? copyOf(record) : record;
}
