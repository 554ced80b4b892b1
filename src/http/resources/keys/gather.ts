import { partitionOfKey } from '../../../domain/murmur2.ts';
import { keyOf } from '../../../domain/unit.ts';
import type { Unit } from '../../../domain/unit.ts';
import { OrchestratorError } from '../../../errors.ts';
import type { DeadLetterFacts, Evidence, HotFacts, KeyFacts, LockFacts } from '../../../explanation/facts.ts';
import { heatOf } from '../../../explanation/hot-sentences.ts';
import type { LockView } from '../../../penalty-box/operator-box.ts';
import { partitionsOf } from '../../desks.ts';
import type { RouteDesk } from '../../route-desk.ts';

/** Of a lock. */
const ENTRIES = 10;
const DEAD_LETTERS = 20;

/** All that can be found out about a key now. What does not answer is left open: whoever is paged needs the rest. */
export async function gather(
  desk: RouteDesk,
  unit: Unit,
  asked: number | undefined,
  now: number,
): Promise<KeyFacts> {
  const key = keyOf(unit);
  const partitions = partitionsOf(desk, asked);
  const [found, failures, deadLetters] = await Promise.all([
    Promise.allSettled(partitions.map((partition) => desk.operator.inspect(partition, unit, ENTRIES))),
    desk.failures.store.ofUnit(unit).catch(() => null),
    key === null ? null : deadLettersOf(desk, key),
  ]);
  const views = found.flatMap((each) => (each.status === 'fulfilled' && each.value ? [each.value] : []));
  const locks = await Promise.all(views.map((lock) => withEvidence(desk, lock)));
  const partition = locks.length > 0 ? null : likelyPartition(desk, key, asked, failures);
  return {
    now,
    route: desk.config,
    unit,
    control: desk.control.state,
    problems: desk.problems(),
    backpressure: desk.backpressure(),
    locks,
    silent: found.flatMap((each, i) =>
      each.status === 'rejected' ? [{ partition: partitions[i] ?? 0, why: whySilent(each.reason) }] : [],
    ),
    partition,
    position: partition === null ? null : await desk.readTo(partition.number).catch(() => null),
    failures,
    hot: locks.length === 0 ? null : await hotFacts(desk, unit),
    deadLetters: key === null ? [] : deadLetters,
    moreDeadLetters: (deadLetters?.length ?? 0) >= DEAD_LETTERS,
  };
}

async function hotFacts(desk: RouteDesk, unit: Unit): Promise<HotFacts | null> {
  try {
    const found = await desk.hotKeys.held(partitionsOf(desk, undefined));
    return heatOf((i) => found.keys[i]?.unit.equals(unit) === true, found);
  } catch {
    return null;
  }
}

async function deadLettersOf(desk: RouteDesk, key: Buffer): Promise<DeadLetterFacts[] | null> {
  try {
    const letters = await desk.deadLetters.ofKey(key, DEAD_LETTERS);
    return letters.map(({ position, reason, status, deadLetteredAt, errorClass, errorMessage }) => ({
      ...position,
      ...{ reason, status, deadLetteredAt, errorClass, errorMessage },
    }));
  } catch {
    return null;
  }
}

function likelyPartition(
  desk: RouteDesk,
  key: Buffer | null,
  asked: number | undefined,
  failures: KeyFacts['failures'],
): KeyFacts['partition'] {
  if (asked !== undefined) return { number: asked, from: 'asked' };
  const [last] = failures ?? [];
  if (last !== undefined && last.partition < desk.partitionCount())
    return { number: last.partition, from: 'failure' };
  const count = desk.mainPartitionCount();
  return key === null || count === 0 ? null : { number: partitionOfKey(key, count), from: 'murmur2' };
}

async function withEvidence(desk: RouteDesk, lock: LockView): Promise<LockFacts> {
  const { partition } = lock;
  const [claimed, committed, position, retryEnd] = await Promise.all([
    desk.operator.claimant(partition).catch(() => null),
    desk.committed(partition).catch(() => null),
    desk.readTo(partition).catch(() => null),
    desk.retryEnd(partition).catch(() => null),
  ]);
  const claimant = claimed?.claimant ?? null;
  const evidence: Evidence = {
    committed: committed === null || committed < 0 ? null : committed,
    position,
    retryEnd,
    cursor: claimed?.cursor ?? null,
    claimant:
      claimed === null || claimant === null
        ? null
        : { ...claimant, alive: claimed.now - claimant.renewedAt < desk.config.claimTtl },
  };
  return { lock, evidence };
}

function whySilent(reason: unknown): string {
  return reason instanceof OrchestratorError && reason.code === 'NOT_READY'
    ? 'is being restored, or has no owner'
    : 'does not answer';
}
