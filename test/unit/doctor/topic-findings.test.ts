import { describe, expect, test } from '@jest/globals';
import { topicFindings } from '../../../src/doctor/topic-findings.ts';
import { missingTopics } from '../../../src/doctor/topic-plan.ts';
import { aRoute, aTopic, DAY, found, kafka, topics } from './topics.ts';

const RETRY = 'topic orders.retry';

test('nothing is wrong with topics that are as they should be', () => {
  expect(found({})).toEqual([]);
});

test.each([
  ['a missing retry topic', { 'orders.retry': null }, [`error topic-missing ${RETRY}`]],
  ['a missing dead-letter topic', { 'orders.dlq': null }, ['error topic-missing topic orders.dlq']],
  ['fewer retry partitions', { 'orders.retry': { partitions: 5 } }, [`error partitions-differ ${RETRY}`]],
  ['more retry partitions', { 'orders.retry': { partitions: 7 } }, [`warning partitions-differ ${RETRY}`]],
  [
    'a compacted retry topic',
    { 'orders.retry': { settings: { 'cleanup.policy': 'compact' } } },
    [`error topic-compacted ${RETRY}`],
  ],
  [
    'compaction beside deletion',
    { 'orders.retry': { settings: { 'cleanup.policy': 'delete,compact' } } },
    [`error topic-compacted ${RETRY}`],
  ],
  [
    'a compacted dead-letter topic',
    { 'orders.dlq': { settings: { 'cleanup.policy': 'compact' } } },
    ['error topic-compacted topic orders.dlq'],
  ],
  [
    'redelivery to a compacted main topic',
    { orders: { settings: { 'cleanup.policy': 'compact', 'max.message.bytes': '1000000' } } },
    ['error topic-compacted topic orders'],
  ],
  [
    'room for headers that is missing',
    { orders: { settings: { 'max.message.bytes': '1934465' } } },
    ['warning message-size topic orders.retry', 'warning message-size topic orders.dlq'],
  ],
  ['as much room as headers need', { orders: { settings: { 'max.message.bytes': '1934464' } } }, []],
  [
    'a single replica',
    { 'orders.retry': { replicas: 1, settings: { 'min.insync.replicas': '1' } } },
    [`warning replicas-one ${RETRY}`],
  ],
  [
    'fewer replicas than have to be in sync',
    { 'orders.retry': { replicas: 1 } },
    [`error replicas-below-minimum ${RETRY}`],
  ],
  ['all replicas have to be in sync', { 'orders.retry': { replicas: 2 } }, [`warning insync-all ${RETRY}`]],
  [
    'one replica in sync is enough',
    { 'orders.retry': { settings: { 'min.insync.replicas': '1' } } },
    [`warning insync-one ${RETRY}`],
  ],
  [
    'unclean election',
    { 'orders.retry': { settings: { 'unclean.leader.election.enable': 'true' } } },
    [`warning unclean-election ${RETRY}`],
  ],
  [
    'the time of the broker',
    { 'orders.retry': { settings: { 'message.timestamp.type': 'LogAppendTime' } } },
    [`note log-append-time ${RETRY}`],
  ],
  [
    'dead letters that are gone after a day',
    { 'orders.dlq': { settings: { 'retention.ms': String(DAY) } } },
    ['warning retention-short topic orders.dlq'],
  ],
] as const)('%s', (_what, changes, expected) => {
  expect(found(changes)).toEqual(expected);
});

describe('retention of the retry topic', () => {
  const kept = (ms: number, more: Record<string, string> = {}) => ({
    'orders.retry': { settings: { 'retention.ms': String(ms), ...more } },
  });
  const HOUR = DAY / 24;

  test.each([
    ['shorter than carry-forward needs', kept(2 * HOUR - 1), {}, 'error retention-short'],
    ['just what carry-forward needs', kept(2 * HOUR), { maxAge: null }, null],
    ['shorter than maxAge', kept(DAY - 1), {}, 'error retention-short'],
    ['maxAge without a margin', kept(DAY), {}, 'warning retention-short'],
    ['maxAge and a margin', kept(DAY + HOUR), {}, null],
    [
      'shorter than the longest backoff, jitter included',
      kept(11 * HOUR),
      { maxAge: null, backoff: { kind: 'schedule', delays: [1, 10 * HOUR], jitter: 0.2 } },
      'error retention-short',
    ],
    ['no end at all', kept(-1), {}, 'warning retention-none'],
    ['by size only', kept(-1, { 'retention.bytes': '1000' }), {}, 'warning retention-by-size'],
    ['by size too', kept(30 * DAY, { 'retention.bytes': '1000' }), {}, 'warning retention-by-size'],
  ] as const)('%s', (_what, changes, settings, expected) => {
    const findings = found(changes, settings);
    expect(findings).toEqual(expected === null ? [] : [`${expected} ${RETRY}`]);
  });
});

describe('redeliveries to a topic of their own', () => {
  const route = { redelivery: { window: 1, maxPerSecond: 1, startPerSecond: 1, topic: 'orders.again' } };

  test('may leave the main topic compacted, but must not go to a compacted one', () => {
    const compacted = { settings: { 'cleanup.policy': 'compact', 'max.message.bytes': '1000000' } };
    expect(found({ orders: compacted, 'orders.again': {} }, route)).toEqual([]);
    expect(found({ 'orders.again': compacted }, route)).toEqual(['error topic-compacted topic orders.again']);
  });

  test('need a partition for each shard', () => {
    expect(found({ 'orders.again': { partitions: 5 } }, route)).toEqual([
      'error partitions-differ topic orders.again',
    ]);
  });
});

test('what can not be read is said, with the reason, and nothing is guessed', () => {
  const why = { kind: 'unreadable', why: 'TOPIC_AUTHORIZATION_FAILED: no' } as const;
  const seen = { partitions: 6, replicas: why, settings: why };
  const findings = topicFindings(aRoute(), topics({ 'orders.retry': seen }), kafka);
  expect(findings).toMatchObject([
    { severity: 'warning', code: 'unreadable', what: `its settings could not be read: ${why.why}` },
    { severity: 'warning', code: 'unreadable', what: `its replicas could not be read: ${why.why}` },
  ]);
});

test('every finding but a note says what it costs and how to mend it', () => {
  const changes = [
    { 'orders.retry': null },
    { 'orders.retry': { partitions: 1, replicas: 1, settings: { 'cleanup.policy': 'compact' } } },
    { 'orders.retry': { replicas: 2, settings: { 'retention.ms': '1', 'retention.bytes': '1' } } },
    { orders: { partitions: 7, settings: { 'unclean.leader.election.enable': 'true' } } },
  ];
  const findings = changes.flatMap((each) => topicFindings(aRoute(), topics(each), kafka));
  expect(findings.length).toBeGreaterThan(8);
  for (const { cost, remedy } of findings) {
    expect(cost).not.toBe('');
    expect(remedy).not.toBe('');
  }
});

describe('the plan for topics that are missing', () => {
  test('is made after the main topic', () => {
    const main = aTopic({ partitions: 12, settings: { 'max.message.bytes': '1000000' } });
    const seen = topics({ orders: main, 'orders.retry': null, 'orders.dlq': null });
    const plans = missingTopics(aRoute({ maxAge: 10 * DAY }), seen);
    expect(plans).toMatchObject([
      {
        topic: 'orders.retry',
        partitions: 12,
        replicas: 3,
        settings: {
          'cleanup.policy': 'delete',
          'max.message.bytes': '1065536',
          'min.insync.replicas': '2',
          'retention.ms': String(2 * (10 * DAY + DAY / 24)),
        },
      },
      { topic: 'orders.dlq', partitions: 12, settings: { 'retention.ms': String(30 * DAY) } },
    ]);
    // What is created is found to be as it should be.
    const made = plans.map(({ topic, partitions, settings }) => [topic, aTopic({ partitions, settings })]);
    const after = new Map([...seen, ...(made as [string, ReturnType<typeof aTopic>][])]);
    expect(topicFindings(aRoute({ maxAge: 10 * DAY }), after, kafka)).toEqual([]);
  });

  test('is empty where nothing is missing, or there is no main topic to go by', () => {
    expect(missingTopics(aRoute(), topics())).toEqual([]);
    expect(missingTopics(aRoute(), new Map())).toEqual([]);
  });
});
