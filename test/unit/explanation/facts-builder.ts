import type { RouteConfig } from '../../../src/config/config.ts';
import { keyUnit } from '../../../src/domain/unit.ts';
import type { Evidence, KeyFacts, LockFacts } from '../../../src/explanation/facts.ts';
import type { EntryView } from '../../../src/penalty-box/entry-view.ts';
import type { LockView } from '../../../src/penalty-box/operator-box.ts';
import { TestDesk } from '../../support/api.ts';

export const NOW = Date.parse('2026-11-21T18:00:00Z');
export const UNIT = keyUnit(Buffer.from('Order-123'));

export function entry(more: Partial<EntryView> = {}): EntryView {
  return {
    state: 'held',
    offset: 2_145,
    retryOffset: 423,
    attempt: 3,
    unanswered: 0,
    firstFailedAt: NOW - 600_000,
    dueAt: NOW + 12_000,
    deliveredOffset: null,
    lastError: { class: 'Timeout', message: 'the warehouse does not answer' },
    fatal: false,
    condemned: '',
    granted: 0,
    refused: 0,
    kept: false,
    admitted: false,
    announcedAt: null,
    foreignOrigin: null,
    ...more,
  };
}

export const FOLLOWER = entry({
  offset: 2_148,
  retryOffset: 424,
  attempt: 0,
  firstFailedAt: null,
  lastError: null,
});

export function lock(more: Partial<LockView> = {}): LockView {
  const entries = more.entries ?? [entry(), FOLLOWER];
  return {
    unit: UNIT,
    partition: 1,
    state: 'waiting',
    since: NOW - 720_000,
    held: entries.length,
    heldBytes: 378,
    attempt: entries[0]?.attempt ?? 0,
    headOffset: entries[0]?.offset ?? null,
    parkedBy: null,
    nextAttemptAt: NOW + 12_000,
    lastError: entries[0]?.lastError ?? null,
    entries,
    ...more,
  };
}

export const EVIDENCE: Evidence = {
  committed: 2_200,
  position: { partition: 1, committed: 2_200, end: 2_250, known: true },
  retryEnd: 500,
  cursor: 498,
  claimant: { consumerId: 'consumer-1', renewedAt: NOW - 400, alive: true },
};

export function locked(more: Partial<LockView> = {}, evidence: Partial<Evidence> = {}): LockFacts {
  return { lock: lock(more), evidence: { ...EVIDENCE, ...evidence } };
}

export function facts(more: Partial<KeyFacts> = {}, route: Partial<RouteConfig> = {}): KeyFacts {
  const { config } = new TestDesk({
    name: 'orders',
    topic: 'orders',
    retryTopic: 'orders.retry',
    deadLetterTopic: 'orders.dlq',
  });
  return {
    now: NOW,
    route: { ...config, maxAttempts: 7, ...route },
    unit: UNIT,
    control: { paused: null, breaker: null },
    problems: [],
    backpressure: { state: 'inline', since: null, why: null },
    locks: [],
    silent: [],
    partition: null,
    position: null,
    failures: [],
    hot: null,
    deadLetters: [],
    moreDeadLetters: false,
    ...more,
  };
}
