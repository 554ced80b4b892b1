import { strict as assert } from 'node:assert';
import type { Action } from '../../../../src/penalty-box/operator-box.ts';
import type { Job } from '../../../../src/penalty-box/entry.ts';
import { announced, arrival, BACKOFF, is, unitOf } from '../../../support/penalty-box.ts';
import type { Findings } from '../../../../src/penalty-box/owner-box.ts';
import { same } from './box-model.ts';
import type { BoxModel } from './box-model.ts';
import { claim } from './consumer-steps.ts';
import { copyOfJob, keyOfOrigin, nameOf, placeOf, tokenOf } from './world.ts';
import type { Appended, Run, World } from './world.ts';

/** What the gate announced is published, in order; now and then something twice. */
export const publish: Run = async (world, [count = 0, again = 0]) => {
  const upTo = Math.min(world.redirects.length, world.published + 1 + (count % 9));
  for (; world.published < upTo; world.published++) append(world, toldAt(world, world.published));
  if (again % 4 === 0 && world.published > 0) append(world, toldAt(world, again % world.published));
};

/** A record that no gate announced: of another tool, foreign, or a failure that came back with its token. */
export const produce: Run = async (world, [kind = 0, pick = 0, more = 0]) => {
  const job = world.job(pick);
  const attempt = more % 4;
  const failedAt = world.model.time - (more % 3) * 400;
  if (kind % 4 === 0 && job) {
    const token = tokenOf(job);
    const origin = token.place.length === 8 ? placeOf(token.place)[0] : null;
    append(world, { unit: job.unit, origin, token, attempt: job.attempt + 1, failedAt });
  } else if (kind % 4 === 1) {
    const key = ['a', 'b', null][pick % 3] ?? null;
    const unit = key === null ? Buffer.from(`m${String(world.topic.length)}`) : unitOf(key, 0);
    append(world, { unit, origin: null, malformed: more % 9 === 0, attempt, failedAt });
  } else {
    const origin = world.near(pick);
    const unit = unitOf(keyOfOrigin(origin), origin);
    const notBefore = more % 5 === 0 ? world.model.time + 700 : 0;
    append(world, { unit, origin, attempt, fatal: more % 11 === 0, notBefore, failedAt });
  }
};

/** An operator redrives a dead letter, or what he takes for one; at times the same once more. */
export const redrive: Run = async (world, [pick = 0, id = 0, more = 0]) => {
  const origin = more % 7 === 0 ? null : world.near(pick);
  const key = origin === null ? 'a' : keyOfOrigin(origin);
  const name = `job${String(id % 3)}/0/${String(origin)}`;
  const attempt = more % 5 === 0 ? 1 : 0;
  append(world, { unit: unitOf(key, origin ?? 0), origin, redrive: name, attempt, delay: 0 });
};

export const ingest: Run = async (world, [count = 0, again = 0]) => {
  const { model, box } = world;
  const before = model.cursor;
  const next = Math.min(world.topic.length, before + 1 + (count % 9));
  if (next === before) return;
  await ingestUpTo(world, next);
  if (again % 4 > 0) return;
  const reply = await box.owner.ingest(before, next, model.policy.gated, world.topic.slice(before, next));
  assert.deepEqual(reply, { kind: 'cursor', cursor: next });
};

/** The box chooses what to release; each choice must be one that the protocol allows. */
export const release: Run = async (world, [room = 0]) => {
  const { model, box } = world;
  const limit = 1 + (room % 9);
  const due = [...model.locks.values()].filter(
    (lock) => (model.nextAttemptAt(lock) ?? Infinity) <= model.time,
  );
  const jobs = await box.release(limit);
  assert.ok(jobs.length <= limit);
  const byUnit = new Map<string, Job[]>();
  for (const job of jobs) byUnit.set(job.unit.toString(), [...(byUnit.get(job.unit.toString()) ?? []), job]);
  if (jobs.length < limit) assert.deepEqual([...byUnit.keys()].sort(), due.map(({ unit }) => unit).sort());
  for (const [unit, group] of byUnit) {
    const lock = due.find((one) => one.unit === unit);
    assert.ok(lock, `${unit} was not due`);
    assert.ok(group.length <= (lock.draining ? model.policy.window : 1), 'a window too wide');
    group.forEach((job, i) => {
      const entry = lock.entries[i];
      assert.ok(entry && same(entry.place, copyOfJob(job).place), 'not the next in order');
      assert.equal(entry.state, 'held');
      assert.ok(entry.dueAt <= model.time, 'released too early');
      const reason = model.usedUp(entry);
      assert.equal(job.deadLetter ?? '', reason);
      assert.ok(i === 0 || reason === '', 'only a head is dead-lettered');
      assert.deepEqual(
        [job.attempt, job.firstFailedAt, job.retryOffset],
        [entry.attempt, entry.firstFailedAt, entry.record?.offset],
      );
      model.release(entry, job.nonce, reason !== '');
    });
  }
  world.jobs.push(...jobs);
};

/** Of the newest releases; those left out stay unacknowledged. */
export const acknowledge: Run = async (world, [count = 0]) => {
  const { model, box } = world;
  const jobs =
    count % 5 === 0 ? [] : world.jobs.slice(-1 - (count % 6)).filter(({ deadLetter }) => deadLetter === null);
  const written = jobs.map((job) => ({ job, offset: world.delivered++ }));
  is(await box.owner.acknowledge(written));
  for (const { job, offset } of written) model.acknowledge(copyOfJob(job), offset);
};

export const withdraw: Run = async (world, [pick = 0, wait = 0]) => {
  const { model, box } = world;
  const job = world.job(pick);
  if (!job) return;
  const notBefore = model.time + (wait % 3) * 300;
  const reason = wait % 5 === 0 ? { reason: 'undeliverable' as const } : {};
  const refusals = wait % 5 === 1 ? 2 : 0;
  is(await box.owner.withdraw([{ job, notBefore, refusals, ...reason }]));
  model.withdraw(copyOfJob(job), notBefore, reason.reason ?? '', refusals);
};

export const bury: Run = async (world) => {
  const { model, box } = world;
  const letters = world.jobs.filter(({ deadLetter }) => deadLetter !== null).slice(-3);
  is(await box.owner.bury(letters, model.hold));
  for (const job of letters) model.bury(copyOfJob(job));
};

/** What was too large even for the dead-letter topic. */
export const keep: Run = async (world) => {
  const { model, box } = world;
  const letters = world.jobs.filter(({ deadLetter }) => deadLetter !== null).slice(-1);
  is(await box.owner.keep(letters));
  for (const job of letters) model.bury(copyOfJob(job), true);
};

const ACTIONS: readonly Action[] = [
  'park',
  'unpark',
  'retry-now',
  'skip-head',
  'discard-head',
  'discard-all',
  'unpark',
];

/** Now and then a call is made again, or seems to be: what was done under an Idempotency-Key is not done again. */
export const act: Run = async (world, [action = 0, origin = 0, again = 0]) => {
  const { model, box } = world;
  const name = ACTIONS[action % ACTIONS.length] ?? 'park';
  const unit = nameOf(keyOfOrigin(world.near(origin)), world.near(origin));
  const key = again % 3 === 0 ? `click-${String(again % 4)}` : null;
  const how = key === null ? {} : { idempotencyKey: key };
  const { outcome, repeated } = await box.operator.act(3, Buffer.from(unit), name, how);
  const deed = `${key ?? ''} ${name} ${unit}`;
  const before = key === null ? undefined : world.deeds.get(deed);
  assert.equal(repeated, before !== undefined);
  const expected = before ?? model.act(unit, name);
  assert.equal(outcome, expected);
  if (key !== null && expected !== 'unknown') world.deeds.set(deed, expected);
};

/** Mostly the group goes on, at times its offsets are set back. */
export const evidence: Run = async (world, [committed = 0, passed = 0, first = 0]) => {
  const { model, box } = world;
  const back = committed % 9 === 8 ? 6 : 0;
  const seen = {
    committed: committed % 4 === 0 ? -1 : Math.max(0, world.next - (committed % 7) - back),
    end: model.cursor,
    passed: passed % 3 === 0 ? -1 : Math.max(0, world.delivered - (passed % 4)),
    first: first % 3 === 0 ? world.delivered - (first % 5) : -1,
    redeliveryEnd: -1,
  };
  const unread = await box.owner.evidence(model.policy.gated, { ...seen, end: model.cursor + 1 });
  if (model.behind) compareFindings(world, is(unread), model.evidence({ ...seen, committed: -1 }));
  else assert.deepEqual(unread, { kind: 'behind' });
  compareFindings(world, is(await box.owner.evidence(model.policy.gated, seen)), model.evidence(seen));
};

function compareFindings(
  { model }: World,
  findings: Findings,
  expected: ReturnType<BoxModel['evidence']>,
): void {
  const ascending = (a: number, b: number): number => a - b;
  assert.deepEqual(
    {
      succeeded: findings.succeeded,
      redelivered: findings.redelivered,
      reaped: [...findings.reaped].sort(ascending),
    },
    { ...expected, reaped: expected.reaped.sort(ascending) },
  );
  if (findings.heldByParks) {
    assert([...model.locks.values()].some(({ parked }) => parked !== 'no'));
    assert(findings.checkpoint < model.checkpoint());
  } else {
    assert.equal(findings.checkpoint, model.checkpoint());
  }
}

/** Redis has no room: nothing more is read, and nothing new announced. */
export const stopReading: Run = async (world) => {
  const { model, box } = world;
  // Without a gate only the retry topic tells what succeeded: it is always read.
  if (!model.policy.gated) return;
  assert.equal(is(await box.owner.behind(true, 'stopped')), model.stopReading());
};

/** There is room again, and what has been published meanwhile was read, or most of it. */
export const readOn: Run = async (world, [unread = 0]) => {
  const { model, box } = world;
  if (!model.policy.gated) return;
  if (unread % 3 > 0) await ingest(world, [8, 1]);
  if (model.behind) {
    world.claimsEnded = true;
    world.timesReadOn++;
  }
  is(await box.owner.behind(false, `again${String(world.timesReadOn)}`));
  model.readOn();
};

/** Without a gate: the consumer has passed all copies, and one that failed lies in the retry topic again. */
export const comeBack: Run = async (world, [failing = 0]) => {
  if (failing % 2 === 0) await produce(world, [2, failing >> 3, 1]);
  if (failing % 3 === 0) await produce(world, [0, failing >> 3, 1]);
  await ingest(world, [8, 1]);
  await evidence(world, [3, 4, 1]);
};

export const takeOver: Run = async (world, [pick = 0]) => {
  const { model, box } = world;
  const old = box.owner;
  const { cursor } = await box.takeOver();
  assert.equal(cursor, model.cursor);
  model.takeOver();
  assert.deepEqual(await old.release(5, model.policy, 'old'), { kind: 'fenced' });
  const job = world.job(pick);
  if (job) assert.deepEqual(await old.acknowledge([{ job, offset: 1 }]), { kind: 'fenced' });
};

/** Redis loses everything; the owner rebuilds the box from the checkpoint. Nothing unresolved is lost by it. */
export const lose: Run = async (world, [then = 0]) => {
  const { model, box } = world;
  const unresolved = model.all().filter(({ record }) => record);
  const from = model.checkpoint();
  world.lostLocks += model.locks.size;
  await box.flush();
  assert.deepEqual(await box.owner.release(1, model.policy, 'x'), { kind: 'lost' });
  assert.equal((await box.takeOver()).cursor, null);
  is(await box.owner.reset(from));
  model.lose(from);
  await ingestUpTo(world, world.topic.length);
  await box.stamp();
  model.rebuilding = false;
  for (const entry of unresolved) {
    if (!inOrder(world.topic.slice(from).filter(({ name }) => name === entry.unit))) continue;
    // A foreign message is its first record, or one that came back after a failure: its token says what it was. In a
    // rebuild the later one of them speaks for it.
    const offsets = [entry.record?.offset, entry.place[1] - 1];
    const told = world.topic[entry.record?.offset ?? -1]?.place;
    const found = model
      .all()
      .some(({ origin, record, place }) =>
        entry.origin === null
          ? offsets.includes(record?.offset) ||
            same(entry.place, place) ||
            (told !== null && told !== undefined && same(told, place))
          : origin === entry.origin,
      );
    assert.ok(found, `${entry.unit} ${String(entry.origin)} was lost`);
  }
  if (then % 3 > 0) await claim(world, [0, 1, 1, 0, then, then]);
};

function append(world: World, record: Parameters<typeof arrival>[0]): void {
  const whole = arrival({ failedAt: world.model.time, delay: BACKOFF, ...record });
  world.append({
    ...whole,
    name: whole.unit.toString(),
    place: whole.token ? placeOf(whole.token.place) : null,
  });
}

function toldAt(world: World, index: number): Parameters<typeof arrival>[0] {
  const told = world.redirects[index];
  return told ? announced(keyOfOrigin(told.origin), told.origin, told.redirect) : {};
}

async function ingestUpTo(world: World, next: number): Promise<void> {
  const { model, box } = world;
  const records = world.topic.slice(model.cursor, next);
  const counts = is(await box.owner.ingest(model.cursor, next, model.policy.gated, records));
  assert.deepEqual(counts, model.ingest(next, records));
}

/** What a gate announced of one key lies in the topic in order, as its consumer promises. */
function inOrder(copies: readonly Appended[]): boolean {
  let highest = -1;
  const met = new Set<number>();
  for (const { origin, announced: promised } of copies) {
    if (origin === null || met.has(origin)) continue;
    if (origin < highest) return false;
    met.add(origin);
    if (promised) highest = origin;
  }
  return true;
}
