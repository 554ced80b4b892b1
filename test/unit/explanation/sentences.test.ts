import { describe, expect, test } from '@jest/globals';
import { openedByHand } from '../../../src/protection/breaker.ts';
import type { KeyFacts } from '../../../src/explanation/facts.ts';
import { heatOf } from '../../../src/explanation/hot-sentences.ts';
import { explain } from '../../../src/explanation/sentences.ts';
import { foreignUnit, keyUnit, originUnit } from '../../../src/domain/unit.ts';
import { entry, facts, FOLLOWER, lock, locked, NOW } from './facts-builder.ts';

const LOCKED =
  'Key Order-123 is locked in partition 1 since 2026-11-21T17:48:00Z (12 min ago): 2 messages are held.';
const HEAD =
  'Its first message (orders/1@2145, kept at orders.retry/1@423) failed 3 times, first at 2026-11-21T17:50:00Z (10 min ago).';
const ERROR = 'The last error was Timeout: the warehouse does not answer.';
const BEHIND = '1 message waits behind it, and uses up no attempts.';
const CLAIMED = 'Consumer consumer-1 claims partition 1 and was last heard of 400 ms ago.';

const inFlight = (more = {}) => ({
  state: 'probing' as const,
  nextAttemptAt: null,
  entries: [entry({ state: 'in-flight', deliveredOffset: 2_230, ...more }), FOLLOWER],
});

const TABLE: readonly (readonly [what: string, facts: KeyFacts, sentences: readonly string[]])[] = [
  [
    'waits for its backoff',
    facts({ locks: [locked()] }),
    [LOCKED, HEAD, ERROR, 'Attempt 4 of 7 is due at 2026-11-21T18:00:12Z (in 12 s).', BEHIND],
  ],
  [
    'is due and not released',
    facts({ locks: [locked({ nextAttemptAt: NOW - 30_000 })] }),
    [
      ...[LOCKED, HEAD, ERROR],
      'Attempt 4 of 7 is due at 2026-11-21T17:59:30Z (30 s ago).',
      'It has been due for 30 s and was not released: either redelivery is limited, or no running replica owns partition 1.',
      BEHIND,
    ],
  ],
  [
    'is due on a route that is paused',
    facts({
      locks: [locked({ nextAttemptAt: NOW - 30_000 })],
      control: { paused: { since: NOW - 60_000, reason: 'INC-42' }, breaker: null },
    }),
    [
      'The route is paused since 2026-11-21T17:59:00Z (1 min ago) (INC-42): nothing is redelivered until it is resumed.',
      ...[LOCKED, HEAD, ERROR],
      'Attempt 4 of 7 is due at 2026-11-21T17:59:30Z (30 s ago).',
      BEHIND,
    ],
  ],
  [
    'has used up its attempts',
    facts({ locks: [locked({ entries: [entry({ attempt: 7 }), FOLLOWER] })] }),
    [
      LOCKED,
      HEAD.replace('3 times', '7 times'),
      ERROR,
      'It goes to the dead-letter topic orders.dlq at 2026-11-21T18:00:12Z (in 12 s), since it has used up its attempts; then the key goes on.',
      BEHIND,
    ],
  ],
  [
    'will be held after its dead letter',
    facts({ locks: [locked({ entries: [entry({ fatal: true }), FOLLOWER] })] }, { afterDeadLetter: 'hold' }),
    [
      ...[LOCKED, HEAD, ERROR],
      'It goes to the dead-letter topic orders.dlq at 2026-11-21T18:00:12Z (in 12 s), since its error said that retrying is pointless; then the key is held for an operator.',
      BEHIND,
    ],
  ],
  [
    'has one more attempt granted',
    facts({ locks: [locked({ entries: [entry({ attempt: 7, granted: 8 }), FOLLOWER] })] }),
    [
      LOCKED,
      HEAD.replace('3 times', '7 times'),
      ERROR,
      'Attempt 8 of 8 is due at 2026-11-21T18:00:12Z (in 12 s).',
      BEHIND,
    ],
  ],
  [
    'waits for the outcome of its copy',
    facts({ locks: [locked(inFlight({ admitted: true }))] }),
    [
      ...[LOCKED, HEAD, ERROR],
      'A copy of it was redelivered (orders/1@2230); its outcome is not known yet.',
      'Group orders-service has committed 2200 there: 31 records up to and with the copy are left.',
      'The consumer was told to handle it.',
      ...[CLAIMED, BEHIND],
    ],
  ],
  [
    'was passed by its group, and its consumer is silent',
    facts({
      locks: [
        locked(inFlight(), {
          committed: 2_231,
          claimant: { consumerId: 'consumer-1', renewedAt: NOW - 300_000, alive: false },
        }),
      ],
    }),
    [
      ...[LOCKED, HEAD, ERROR],
      'A copy of it was redelivered (orders/1@2230); its outcome is not known yet.',
      'Group orders-service has committed 2231 there, which is past the copy. As no outcome was told, it is redelivered again once the retry topic has been read to its end (read to 498 of 500).',
      'Consumer consumer-1 claims partition 1, but was last heard of 5 min ago: is it running?',
      BEHIND,
    ],
  ],
  [
    'is in flight without a gate',
    facts({ locks: [locked(inFlight(), { committed: 2_231, claimant: null })] }, { gate: false }),
    [
      ...[LOCKED, HEAD, ERROR],
      'A copy of it was redelivered (orders/1@2230); its outcome is not known yet.',
      'Group orders-service has committed 2231 there, which is past the copy. It counts as succeeded once the retry topic has been read to its end without a new failure (read to 498 of 500).',
      BEHIND,
    ],
  ],
  [
    'is on its way to Kafka, and nobody consumes',
    facts({ locks: [locked(inFlight({ deliveredOffset: null }), { claimant: null })] }),
    [
      ...[LOCKED, HEAD, ERROR],
      'A copy of it is being redelivered (orders/1@?); where Kafka has put it is not noted yet.',
      'No consumer claims partition 1 now: is orders-service running, with the gate?',
      BEHIND,
    ],
  ],
  [
    'is announced and has not come',
    facts({
      locks: [
        locked({
          nextAttemptAt: null,
          entries: [
            entry({
              state: 'pending',
              retryOffset: null,
              attempt: 1,
              firstFailedAt: null,
              announcedAt: NOW - 2_000,
            }),
          ],
        }),
      ],
    }),
    [
      LOCKED.replace('2 messages are', '1 message is'),
      'Its first message (orders/1@2145) failed 1 time.',
      ERROR,
      'A consumer announced it at 2026-11-21T17:59:58Z (2 s ago) and is to publish it to orders.retry; it has not been read from there yet (read to 498 of 500).',
      'If group orders-service commits past it without publishing it, it is dropped on that proof; it has committed 2200.',
      CLAIMED,
    ],
  ],
  [
    'is being dead-lettered',
    facts({
      locks: [locked({ nextAttemptAt: null, entries: [entry({ state: 'dead-lettering' }), FOLLOWER] })],
    }),
    [
      ...[LOCKED, HEAD, ERROR],
      'It is being written to the dead-letter topic orders.dlq; Kafka has not acknowledged it yet.',
      BEHIND,
    ],
  ],
  [
    'waits for later ones in flight',
    facts({ locks: [locked({ nextAttemptAt: null })] }),
    [
      ...[LOCKED, HEAD, ERROR],
      'Later messages of the key are in flight; it is its turn when their outcome is known.',
      BEHIND,
    ],
  ],
  [
    'is parked by an operator',
    facts({ locks: [locked({ state: 'parked', parkedBy: 'operator', nextAttemptAt: null })] }),
    [
      ...[LOCKED, HEAD, ERROR],
      'An operator has parked the key: nothing of it is redelivered until it is unparked.',
      BEHIND,
    ],
  ],
  [
    'is parked by an operator, in flight',
    facts({ locks: [locked({ ...inFlight(), state: 'parked', parkedBy: 'operator' })] }),
    [
      ...[LOCKED, HEAD, ERROR],
      'An operator has parked the key: nothing of it is redelivered until it is unparked.',
      'Its first message is in flight all the same: orders/1@2230.',
      BEHIND,
    ],
  ],
  [
    'is parked without messages',
    facts({ locks: [locked({ state: 'parked', parkedBy: 'operator', nextAttemptAt: null, entries: [] })] }),
    [
      LOCKED.replace('2 messages are held', 'no message is held yet'),
      'An operator has parked the key: nothing of it is redelivered until it is unparked.',
    ],
  ],
  [
    'is held by a dead letter',
    facts({
      locks: [
        locked({
          state: 'parked',
          parkedBy: 'dead-letter',
          nextAttemptAt: null,
          entries: [entry({ state: 'dead-lettered' }), FOLLOWER],
        }),
      ],
    }),
    [
      ...[LOCKED, HEAD, ERROR],
      'Its first message is a dead letter, and the route says afterDeadLetter: hold. The key waits for an operator: retry-now gives the message one more attempt, unpark drops it here and goes on.',
      BEHIND,
    ],
  ],
  [
    'came of another tool, and was not answered',
    facts({
      locks: [
        locked({
          entries: [
            entry({
              offset: null,
              attempt: 0,
              firstFailedAt: null,
              lastError: null,
              unanswered: 2,
              foreignOrigin: { topic: 'old', partition: 4, offset: 7 },
            }),
          ],
        }),
      ],
    }),
    [
      LOCKED.replace('2 messages are', '1 message is'),
      'Its first message (old/4@7, kept at orders.retry/1@423) has not failed: it waited behind an earlier one.',
      'It was given to a consumer 2 times without an answer: its handler may kill its consumer.',
      'Attempt 1 of 7 is due at 2026-11-21T18:00:12Z (in 12 s).',
    ],
  ],
  [
    'is locked in one partition while another does not answer',
    facts({ locks: [locked()], silent: [{ partition: 3, why: 'does not answer' }] }),
    [
      LOCKED,
      HEAD,
      ERROR,
      'Attempt 4 of 7 is due at 2026-11-21T18:00:12Z (in 12 s).',
      BEHIND,
      'Partition 3 does not answer: nobody can say now whether the key is locked there too.',
    ],
  ],
  [
    'is not locked and never failed',
    facts({
      partition: { number: 4, from: 'murmur2' },
      position: { partition: 4, committed: 100, end: 250, known: true },
    }),
    [
      'Key Order-123 is not locked: nothing of it waits here.',
      'No failure of it is remembered; of each route the 10,000 keys that failed last are.',
      "Java's partitioner (murmur2) puts the key into partition 4; producers of other kinds may choose another one.",
      'Group orders-service has committed 100 of 250 in partition 4 of orders: 150 records are still to be read, and one of the key may be among them.',
    ],
  ],
  [
    'is not locked, failed before and has dead letters',
    facts({
      partition: { number: 2, from: 'failure' },
      position: { partition: 2, committed: 250, end: 250, known: true },
      failures: [{ at: NOW - 120_000, partition: 2, errorClass: 'Timeout', message: 'no answer' }],
      deadLetters: [
        {
          partition: 2,
          offset: 12,
          reason: 'exhausted',
          status: 'open',
          deadLetteredAt: NOW - 90_000,
          errorClass: 'Timeout',
          errorMessage: 'no answer',
        },
        {
          partition: 2,
          offset: 11,
          reason: 'exhausted',
          status: 'redriven',
          deadLetteredAt: NOW - 99_000,
          errorClass: 'Timeout',
          errorMessage: '',
        },
      ],
    }),
    [
      'Key Order-123 is not locked: nothing of it waits here.',
      'It failed last at 2026-11-21T17:58:00Z (2 min ago) in partition 2: Timeout: no answer.',
      'Group orders-service has read partition 2 of orders to its end (250): no message of the key waits there.',
      '1 message of it is a dead letter that nobody has dealt with; the newest is orders.dlq/2@12 (exhausted at 2026-11-21T17:58:30Z (1.5 min ago)): Timeout: no answer.',
    ],
  ],
  [
    'is not locked, and nobody consumes',
    facts({
      partition: { number: 4, from: 'asked' },
      position: { partition: 4, committed: null, end: 250, known: false },
      failures: null,
      deadLetters: null,
    }),
    [
      'Key Order-123 is not locked: nothing of it waits here.',
      'What failed lately is not known: Redis does not answer.',
      'Group orders-service has committed nothing in orders: is it running, and is that its name?',
      'Whether it has dead letters is not known now: their index does not answer.',
    ],
  ],
  [
    'may be locked in a shard that is being restored',
    facts({
      silent: [{ partition: 0, why: 'is being restored, or has no owner' }],
      problems: ['orders.dlq is missing'],
      control: { paused: null, breaker: openedByHand(NOW - 1_000, 'the database is down') },
    }),
    [
      'The circuit breaker is open since 2026-11-21T17:59:59Z (1 s ago) (the database is down): new failures stop their partition, and few retries are sent, until an operator closes it.',
      'The route is degraded: orders.dlq is missing.',
      'Partition 0 is being restored, or has no owner: nobody can say now whether the key is locked there.',
      'Key Order-123 is not locked in any of the others: nothing of it waits here.',
      'No failure of it is remembered; of each route the 10,000 keys that failed last are.',
    ],
  ],
];

describe('a key that', () => {
  test.each(TABLE)('%s is explained', (_what, given, sentences) => {
    expect(explain(given)).toEqual(sentences);
  });

  test('is locked twice has two orders', () => {
    const two = [locked(), { ...locked(), lock: lock({ partition: 3 }) }];
    expect(explain(facts({ locks: two }))).toContain(
      'It is locked in 2 partitions, each with an order of its own.',
    );
  });

  test.each([
    [keyUnit(Buffer.alloc(0)), 'The empty key'],
    [keyUnit(Buffer.from([0xff])), 'Key base64:/w=='],
    [originUnit(9), 'The message without a key at offset 9'],
    [foreignUnit(4), 'The message at retry offset 4'],
  ])('is no plain text has a name all the same', (unit, name) => {
    expect(explain(facts({ unit }))[0]).toBe(`${name} is not locked: nothing of it waits here.`);
  });
});

test('where there are more dead letters than are listed, as much is said', () => {
  const letter = { partition: 2, offset: 12, reason: 'fatal', status: 'open', deadLetteredAt: null };
  const known = facts({
    deadLetters: [{ ...letter, errorClass: '', errorMessage: '' }],
    moreDeadLetters: true,
  });
  expect(explain(known)).toContainEqual(expect.stringMatching(/^At least 1 message of it is a dead letter/));
});

test('a key that holds much of the route says so', () => {
  const said = (held: number, total: number): string[] =>
    explain(facts({ locks: [locked()], hot: { rank: 2, held, total } }));
  expect(said(300, 1_000)).toContain(
    'It is among the hottest keys (number 2) of the route: 300 messages of 1000 that are held belong to it (30.0 %).',
  );
});

test.each([
  [[900, 50, 50], 0, { rank: 1, held: 900, total: 1_000 }],
  [[900, 50, 50], 1, { rank: 2, held: 50, total: 1_000 }],
  [[900, 90, 9], 2, null], // too few
  [[100], 1, null], // another key
])('of keys with %j the one at %d is hot: %j', (held, at, hot) => {
  const keys = held.map((each) => ({ held: each }));
  expect(heatOf((i) => i === at, { keys, total: 1_000 })).toEqual(hot);
});

test('a key with less than a hundredth of all is not hot', () => {
  expect(heatOf(() => true, { keys: [{ held: 50 }], total: 10_000 })).toBeNull();
});
