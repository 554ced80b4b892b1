import { strict as assert } from 'node:assert';
import type {
  Claim,
  Failure,
  GateOutcome,
  GateRecord,
  OutcomeResult,
  Redirect,
  Verdict,
} from '../../../../src/penalty-box/gate-box.ts';
import type { Job } from '../../../../src/penalty-box/entry.ts';
import { aFailure, copyOf, fresh, unitOf } from '../../../support/penalty-box.ts';
import type { Entry, Told as Redirected } from './box-model.ts';
import { copyOfJob, keyOfOrigin, nameOf } from './world.ts';
import type { Run, World } from './world.ts';

const REFUSED = { ok: false, refused: 'FENCED' };
const NOT_READY = { ok: false, refused: 'NOT_READY' };

/** A redelivered copy, or the origin of a fresh record. */
type Met = Job | number;

export const claim: Run = async (
  world,
  [who = 0, generation = 0, call = 0, committed = 0, outstanding = 0, holding = 0],
) => {
  const { model, box } = world;
  if (!model.policy.gated) return;
  const origins = outstanding % 3 === 0 ? [world.near(outstanding), world.near(outstanding * 5)] : [];
  const request = {
    consumerId: `consumer${String(who % 3)}`,
    generation: generation % 3 === 0 ? generation : null,
    call: call % 2 === 0 ? call : null,
    // It does not wait while reading has stopped.
    end: model.cursor + (model.behind ? committed % 4 : 0),
    committed: committed % 4 === 0 ? -1 : world.delivered - (committed % 5),
    canHold: holding % 3 > 0,
    outstanding: origins.map((origin) => ({
      unit: unitOf(keyOfOrigin(origin), origin),
      name: nameOf(keyOfOrigin(origin), origin),
      origin,
      attempt: origin % 2,
      failure: origin % 2 === 1 ? aFailure() : null,
    })),
  };
  const { consumerId } = request;
  const expected = model.takeClaim(
    consumerId,
    request.generation,
    request.call,
    request.end,
    request.committed,
    request.canHold,
  );
  const reply = await box.tryClaim(request);
  if (expected === null) {
    assert.deepEqual(reply, REFUSED);
    return;
  }
  assert.ok(reply.ok);
  const { value } = reply;
  model.outstanding([...request.outstanding].sort((a, b) => a.origin - b.origin));
  assert.equal(value.claimEpoch, model.claim?.epoch);
  assert.equal(value.unansweredOffset, expected.unanswered);
  const units = [...new Set([...model.locks.keys(), ...model.known.keys()])];
  assert.equal(value.complete, !model.behind);
  assert.deepEqual(
    value.lockedKeys.map((key) => `k${key.toString()}`).sort(),
    model.behind ? [] : units.filter((name) => name.startsWith('k')).sort(),
  );
  const nulls = units.filter((name) => name.startsWith('n')).map((name) => Number(name.slice(1)));
  assert.ok(value.nullKeyUpTo >= Math.max(-1, ...nulls));
  world.claims.push(value);
  world.claimsEnded = false;
  box.claimed = value;
  world.listed = new Set(value.lockedKeys.map(String));
  world.seen = value.seen;
};

export const renew: Run = async (world, [which = 0]) => {
  const { model, box } = world;
  const claimed = world.claimAt(which);
  if (!claimed) return;
  const { claimEpoch, incarnation } = claimed;
  const renewal = await box.renew({ claimEpoch, incarnation, seen: world.seen });
  if (!world.isCurrent(claimed)) {
    assert.equal(renewal.status, isOfThisIncarnation(world, claimed) ? 'fenced' : 'claim-again');
    return;
  }
  assert.equal(renewal.status, 'held');
  assert.ok(model.claim);
  model.claim.used = true;
  model.claim.renewedAt = model.time;
  for (const key of renewal.lockedKeys) world.list(key.toString(), true);
  for (const key of renewal.unlockedKeys) world.list(key.toString(), false);
  world.seen = renewal.seen;
  if (model.behind) {
    assert.deepEqual(renewal.unlockedKeys, []);
    return;
  }
  // Nothing that is locked is off the list, and nothing stays on it for ever.
  for (const key of ['a', 'b']) {
    if (model.locks.has(`k${key}`)) assert.ok(world.listed.has(key), `${key} is locked and not listed`);
    else if (!model.known.has(`k${key}`)) assert.ok(!world.listed.has(key), `${key} is listed for nothing`);
  }
};

/** Even picks are fresh records, odd ones copies, current or not. */
export const admit: Run = async (world, [which = 0, ...picks]) => {
  const met = picks.map(
    (pick) => (pick % 2 === 1 ? world.job(pick >> 1) : undefined) ?? world.near(pick >> 1),
  );
  await ask(world, world.claimAt(which), met);
};

export const tell: Run = async (world, [which = 0, ...picks]) => {
  const told = picks.map((pick) => {
    const met = (pick % 4 === 0 ? undefined : world.job(pick >> 3)) ?? world.near(pick >> 3);
    return outcomeOf(met, typeof met === 'object' && pick % 4 !== 1 ? null : failureOf(pick));
  });
  await report(world, world.claimAt(which), told);
};

/** Fresh records come one after another, at times some that were met before; the first fails. */
export const meet: Run = async (world, [first = 0, count = 0]) => {
  const from = first % 5 === 0 ? world.near(first) : world.next;
  const claimed = world.claimAt(0);
  await report(world, claimed, [outcomeOf(from, failureOf(first))]);
  const behind = Array.from({ length: 2 + (count % 8) }, (_, i) => from + 1 + i);
  await ask(world, claimed, behind);
  world.next = Math.max(world.next, from + 1 + behind.length);
};

/** Fresh records come and nothing has failed: of a key that is about to be unlocked they are held. */
export const comeBehind: Run = async (world, [count = 0, patience = 0]) => {
  const met = Array.from({ length: 1 + (count % 4) }, (_, i) => world.next + i);
  world.next += met.length;
  await ask(world, world.claimAt(0), met, patience % 5 > 0);
};

/** A consumer polls the copies that are in flight, asks for them and handles what it may. */
export const handle: Run = async (world, [failing = 0, mood = 0]) => {
  const claimed = world.claimAt(0);
  const copies = world.jobs
    .filter((job) => isInFlight(world, job))
    .sort((a, b) => (entryOf(world, a)?.copyAt ?? Infinity) - (entryOf(world, b)?.copyAt ?? Infinity));
  // Some came by themselves, in another order, or without the first ones.
  const polled = mood % 5 === 0 ? copies.reverse() : mood % 5 === 1 ? copies.slice(1) : copies;
  const verdicts = await ask(world, claimed, polled);
  if (mood % 7 === 0) {
    // The handler kills its consumer, and another one takes the partition.
    await claim(world, [mood, 1, 1, 0, 1, mood]);
    return;
  }
  const told = polled.filter((_, i) => verdicts[i]?.kind === 'process');
  const outcomes = told.map((job, i) => outcomeOf(job, failing % 9 === i ? failureOf(failing) : null));
  // After a failure a consumer forgets the verdicts of what comes behind; one that is stopped is too late for that.
  const failed = outcomes.findIndex(({ outcome }) => outcome.failure !== null);
  await report(world, claimed, failed >= 0 && mood % 2 === 0 ? outcomes.slice(0, failed + 1) : outcomes);
};

/** The claimant asks again about the records that it holds, at times because it can't hold them any longer. */
export const askAgain: Run = async (world, [patience = 0]) => {
  const held = [...world.held].sort((a, b) => a - b);
  world.held.clear();
  await ask(world, world.claimAt(0), held, patience % 3 > 0);
};

async function ask(
  world: World,
  claimed: Claim | null,
  met: readonly Met[],
  mayHold = true,
): Promise<Verdict[]> {
  const { model, box } = world;
  if (!claimed || met.length === 0) return [];
  const reply = await box.tryAdmit(
    met.map((one) => ({ ...recordOf(one), mayHold })),
    claimed,
  );
  if (!isOfThisIncarnation(world, claimed)) {
    assert.deepEqual(reply, NOT_READY);
    return [];
  }
  if (!use(world, claimed) && met.some((one) => typeof one === 'number')) {
    assert.deepEqual(reply, REFUSED);
    return [];
  }
  const given: Entry[] = [];
  const expected = met.map((one): Verdict => {
    if (typeof one === 'object')
      return { kind: model.redelivered(copyOfJob(one), claimed.claimEpoch, given) };
    const key = keyOfOrigin(one);
    const verdict = model.fresh(nameOf(key, one), one, mayHold);
    if (verdict === 'process') world.list(key, false);
    if (verdict === 'hold') world.holds(one);
    return typeof verdict === 'string' ? { kind: verdict } : redirected(world, one, verdict);
  });
  assert.ok(reply.ok);
  assert.deepEqual(reply.value, expected);
  return reply.value;
}

async function report(world: World, claimed: Claim | null, told: readonly Told[]): Promise<void> {
  const { model, box } = world;
  if (!claimed || told.length === 0) return;
  const reply = await box.tryTell(
    told.map(({ outcome }) => outcome),
    claimed,
  );
  if (!isOfThisIncarnation(world, claimed)) {
    assert.deepEqual(reply, NOT_READY);
    return;
  }
  if (!use(world, claimed) && told.some(({ met }) => typeof met === 'number')) {
    assert.deepEqual(reply, REFUSED);
    return;
  }
  const expected = told.map(({ met, outcome: { failure } }): OutcomeResult => {
    if (typeof met === 'number') {
      const result = model.failedFresh(nameOf(keyOfOrigin(met), met), met, failure ?? aFailure());
      return result === 'stale' ? { kind: result } : redirected(world, met, result);
    }
    if (failure === null) return { kind: 'done', unlocked: model.succeeded(copyOfJob(met)) };
    const result = model.failed(copyOfJob(met), failure);
    if (typeof result === 'string') return { kind: result };
    return { kind: 'recorded', attempt: result.attempt, nextAttemptAt: result.dueAt };
  });
  assert.ok(reply.ok);
  assert.deepEqual(reply.value, expected);
}

interface Told {
  readonly met: Met;
  readonly outcome: GateOutcome;
}

function outcomeOf(met: Met, failure: Failure | null): Told {
  return { met, outcome: { ...recordOf(met), failure } };
}

function recordOf(met: Met): GateRecord {
  return typeof met === 'number' ? fresh(keyOfOrigin(met), met) : copyOf(met);
}

function failureOf(pick: number): Failure {
  return aFailure({ fatal: pick % 7 === 0, retryAfter: pick % 5 === 0 ? 2_500 : 0 });
}

function isOfThisIncarnation(world: World, claimed: Claim): boolean {
  return (
    world.model.claim !== null &&
    !world.claimsEnded &&
    claimed.incarnation === world.claims.at(-1)?.incarnation
  );
}

/** False: another claim is current. */
function use(world: World, claimed: Claim): boolean {
  const current = world.isCurrent(claimed);
  if (current && world.model.claim) world.model.claim.used = true;
  return current;
}

function redirected(world: World, origin: number, { attempt, announcement }: Redirected): Redirect {
  assert.ok(announcement);
  const { failure, claim: announcedUnder, notBefore } = announcement;
  const redirect: Redirect = {
    kind: 'redirect',
    attempt,
    errorClass: failure?.errorClass ?? '',
    errorMessage: failure?.errorMessage ?? '',
    fatal: failure?.fatal ?? false,
    claim: announcedUnder,
    notBefore,
  };
  world.list(keyOfOrigin(origin), true);
  world.redirects.push({ origin, redirect });
  return redirect;
}

function entryOf(world: World, job: Job): Entry | undefined {
  const { unit, place } = copyOfJob(job);
  return world.model.find(unit, place);
}

function isInFlight(world: World, job: Job): boolean {
  const entry = entryOf(world, job);
  return entry?.state === 'in-flight' && entry.token === job.nonce;
}
