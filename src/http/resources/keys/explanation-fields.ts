import type { Static } from 'typebox';
import { unitFields } from '../../../domain/key-fields.ts';
import type { KeyFacts, LockFacts, Position } from '../../../explanation/facts.ts';
import { nextStepOf } from '../../../explanation/next-step.ts';
import { optionsOf } from '../../../explanation/options.ts';
import { explain } from '../../../explanation/sentences.ts';
import type { Explanation } from './schemas.ts';

type Fields = Static<typeof Explanation>;

/** The explanation of a key as JSON gives it. */
export function explanationFields(facts: KeyFacts): Fields {
  const { now, route, unit, control, locks, silent, partition, position, failures, deadLetters } = facts;
  return {
    ...unitFields(unit),
    route: route.name,
    at: now,
    locked: locks.length > 0 ? true : silent.length > 0 ? null : false,
    sentences: explain(facts),
    paused: control.paused,
    breakerOpen: control.breaker && { since: control.breaker.since, reason: control.breaker.reason },
    problems: [...facts.problems],
    locks: locks.map((lock) => lockFields(lock, facts)),
    silent: [...silent],
    partition,
    position: position && positionFields(position),
    hot: facts.hot,
    failures: failures && [...failures],
    deadLetters: deadLetters && [...deadLetters],
    actions: optionsOf(facts).map(({ http, ...option }) => ({
      ...option,
      http: { ...http, body: http.body as Fields['actions'][number]['http']['body'] },
    })),
  };
}

function lockFields({ lock, evidence }: LockFacts, { route, now }: KeyFacts): Fields['locks'][number] {
  const { partition } = lock;
  const step = nextStepOf(lock, route, now);
  const retried = step.kind === 'retry' ? step : null;
  return {
    partition,
    state: lock.state,
    parkedBy: lock.parkedBy,
    since: lock.since,
    ageMs: Math.max(0, now - lock.since),
    held: lock.held,
    behind: Math.max(0, lock.held - 1),
    attempt: lock.attempt,
    maxAttempts: route.maxAttempts,
    firstFailedAt: lock.entries[0]?.firstFailedAt ?? null,
    lastError: lock.lastError,
    next: {
      kind: step.kind,
      at: step.kind === 'retry' || step.kind === 'dead-letter' ? step.at : null,
      attempt: retried?.attempt ?? null,
      of: retried?.of ?? null,
      reason: step.kind === 'dead-letter' ? step.reason : null,
    },
    messages: lock.entries.map((entry) => ({
      state: entry.state,
      origin: entry.foreignOrigin ?? placeIn(route.topic, partition, entry.offset),
      retry: placeIn(route.retryTopic, partition, entry.retryOffset),
      copy: placeIn(route.redelivery.topic ?? route.topic, partition, entry.deliveredOffset),
      attempt: entry.attempt,
    })),
    evidence: { ...evidence, position: evidence.position && positionFields(evidence.position) },
  };
}

function placeIn(topic: string, partition: number, offset: number | null) {
  return offset === null ? null : { topic, partition, offset };
}

function positionFields({ partition, committed, end }: Position): NonNullable<Fields['position']> {
  return { partition, committed, end, lag: committed === null ? null : Math.max(0, end - committed) };
}
