import { describe, expect, test } from '@jest/globals';
import {
  type BreakerPolicy,
  LONGEST_BLOCK,
  nextBreaker,
  type Observed,
  openedByHand,
  type OpenBreaker,
  takesOne,
} from '../../../src/protection/breaker.ts';
import type { FreshFailures, Tally } from '../../../src/protection/failing.ts';

const POLICY: BreakerPolicy = {
  ...{ failureShare: 0.9, window: 30_000, minimum: 50, keys: 20, probes: 5, lockedKeys: 1_000 },
};
const NOTHING: Tally = {
  ...{ span: 30_000, failed: 0, succeeded: 0, aside: 0, committed: 0 },
  ...{ keys: [], partitions: [] },
};
const KEYS = Array.from({ length: 20 }, (_, key) => key);
const ALL_FAIL: Tally = { ...NOTHING, failed: 100, keys: KEYS };

/** So many partitions with so many failures, each so many offsets from the next. */
function spread(partitions: number, fresh: number, apart: number): FreshFailures[] {
  return Array.from({ length: partitions }, (_, partition) => ({
    ...{ partition, first: 100, last: 100 + apart * (fresh - 1), fresh, others: 0 },
  }));
}

function seen(more: Partial<Observed> = {}): Observed {
  return {
    ...{ now: 100_000, lockedKeys: 0, tallies: [NOTHING], probing: 0 },
    lately: { failures: 0, streak: 0 },
    ...more,
  };
}

const OPEN: OpenBreaker = {
  ...{ state: 'open', cause: 'failures', since: 90_000, reason: 'x', detail: 'y' },
  ...{ successes: 0, failedAt: 99_000 },
};
const HALF: OpenBreaker = { ...OPEN, state: 'half-open', successes: 3 };
const LOCKS: OpenBreaker = { ...OPEN, cause: 'locked-keys' };
const BY_HAND = openedByHand(90_000, 'a test');

const failed = (failures: number, streak = 0): Partial<Observed> => ({ lately: { failures, streak } });
const QUIET = 100_000 + LONGEST_BLOCK + 2_000;

test.each<[string, OpenBreaker | null, Partial<Observed>, Partial<OpenBreaker> | null]>([
  ['stays closed where nothing fails', null, {}, null],
  ['opens where nearly all fails', null, { tallies: [ALL_FAIL] }, { state: 'open', cause: 'failures' }],
  ['stays closed at the limit of locked keys', null, { lockedKeys: 1_000 }, null],
  ['opens above it', null, { lockedKeys: 1_001 }, { state: 'open', cause: 'locked-keys', since: 100_000 }],
  ['stays closed where nobody counted them', null, { lockedKeys: null }, null],

  ['for locked keys it stays open at 90 %', LOCKS, { lockedKeys: 900 }, LOCKS],
  ['and closes below', LOCKS, { lockedKeys: 899 }, null],
  ['and stays where nobody counts them', LOCKS, { lockedKeys: null }, LOCKS],
  [
    'and is open for failures when nearly all fails as well',
    LOCKS,
    { lockedKeys: 2_000, tallies: [ALL_FAIL] },
    { cause: 'failures', since: 90_000, failedAt: 100_000 },
  ],

  ['a success half-opens it', OPEN, failed(0, 1), { state: 'half-open', successes: 1 }],
  ['successes add up', HALF, failed(0, 1), { state: 'half-open', successes: 4 }],
  ['enough in a row close it', HALF, failed(0, 2), null],
  ['a failure opens it again', HALF, failed(1), { state: 'open', successes: 0 }],
  ['only successes after the failure count', HALF, failed(1, 2), { state: 'half-open', successes: 2 }],
  ['enough of them close it', OPEN, failed(3, 5), null],
  ['what failed before does not matter while it probes', OPEN, { tallies: [ALL_FAIL] }, OPEN],
  ['failures that go on are noted', OPEN, { now: 101_000, ...failed(1) }, { failedAt: 101_000 }],
  ['but not each second', OPEN, failed(9), OPEN],
  [
    'with too many locks by then it stays open for those',
    HALF,
    { ...failed(0, 2), lockedKeys: 2_000 },
    { state: 'open', cause: 'locked-keys', since: 90_000 },
  ],
  [
    'nothing failed for a while: it half-opens',
    OPEN,
    { now: QUIET },
    { state: 'half-open', failedAt: QUIET },
  ],
  ['not while a probe is under way', OPEN, { now: QUIET, probing: 1 }, OPEN],
  ['not while nobody knows of probes', OPEN, { now: QUIET, probing: null }, OPEN],
  ['not before all have tried', OPEN, { now: 99_000 + LONGEST_BLOCK }, OPEN],
  ['and closes after as long again', HALF, { now: QUIET }, null],

  ['by hand it stays open whatever succeeds', BY_HAND, { now: QUIET * 2, ...failed(0, 100) }, BY_HAND],
])('%s', (_name, breaker, more, expected) => {
  const next = nextBreaker(breaker, seen(more), POLICY);
  if (expected === null || breaker === null) {
    expect(next === null ? null : { ...next }).toEqual(expected && expect.objectContaining(expected));
    return;
  }
  expect(next).toMatchObject(expected);
  // Nobody writes down what did not change.
  if (expected === breaker) expect(next).toBe(breaker);
});

describe('nearly everything fails', () => {
  const opens = (...tallies: Partial<Tally>[]): boolean =>
    nextBreaker(
      null,
      seen({ tallies: tallies.map((tally) => ({ ...NOTHING, keys: KEYS, ...tally })) }),
      POLICY,
    ) !== null;
  const moment = { span: 2_000 };

  test.each<[string, Partial<Tally>, boolean]>([
    ['redeliveries', { failed: 50 }, true],
    ['too few', { failed: 49 }, false],
    ['of too few keys', { failed: 5_000, keys: KEYS.slice(1) }, false],
    ['one key that always fails', { failed: 5_000, keys: [7] }, false],
    ['90 %', { failed: 90, succeeded: 10 }, true],
    ['less', { failed: 89, succeeded: 11 }, false],
    ['new failures, one after the other', { partitions: spread(2, 30, 1) }, true],
    ['new failures, each tenth record', { partitions: spread(2, 30, 10) }, false],
    ['many partitions with one failure each', { partitions: spread(500, 1, 1) }, false],
    ['redeliveries, while the group gets on with fresh records', { failed: 500, committed: 5_500 }, false],
    [
      'that it gets on with those of locked keys says nothing',
      { failed: 500, committed: 5_500, aside: 5_000 },
      true,
    ],
    ['a moment of new failures', { ...moment, partitions: spread(2, 30, 1) }, true],
    ['a moment of redeliveries: too short to know what the group does', { ...moment, failed: 500 }, false],
    [
      'a moment of both, the redelivered succeed',
      { ...moment, partitions: spread(2, 30, 1), succeeded: 60 },
      false,
    ],
  ])('%s', (_name, tally, expected) => {
    expect(opens(tally)).toBe(expected);
  });

  test('says how much of what', () => {
    expect(nextBreaker(null, seen({ tallies: [ALL_FAIL] }), POLICY)).toMatchObject({
      reason: 'nearly everything fails',
      detail: '100 % of 100 attempts in 30 s failed, of at least 20 keys',
    });
  });
});

test('one that stays open for failures takes one where none waits, others never do', () => {
  const open = openedByHand(1_000, 'planned');
  expect(takesOne({ ...open, cause: 'failures' }, 31_000)).toBe(false);
  expect(takesOne({ ...open, cause: 'failures' }, 31_001)).toBe(true);
  expect(takesOne(open, 99_000)).toBe(false);
  expect(takesOne({ ...open, cause: 'locked-keys' }, 99_000)).toBe(false);
});
