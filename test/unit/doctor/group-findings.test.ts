import { expect, test } from '@jest/globals';
import type { Config } from '../../../src/config/config.ts';
import { groupFindings } from '../../../src/doctor/group-findings.ts';
import type { GroupsSeen } from '../../../src/doctor/group-findings.ts';
import type { GroupMember } from '../../../src/kafka/cluster-view.ts';
import { aRoute, kafka } from './topics.ts';

const config = {
  kafka: { groupPrefix: 'retries', clientId: 'retry-orchestrator', librdkafka: {} },
  redis: { keyPrefix: 'ro:' },
} as unknown as Config;

const reader: GroupMember = { clientId: 'app', host: '10.0.0.1', topics: ['orders', 'others'] };
const replica: GroupMember = { clientId: 'retry-orchestrator', host: '10.0.0.2', topics: ['orders.retry'] };
const members = (...all: GroupMember[]) => ({ kind: 'read', value: { members: all } }) as const;
const committed = (...offsets: number[]) => ({ kind: 'read', value: new Map(offsets.entries()) }) as const;
const unreadable = { kind: 'unreadable', why: 'GROUP_AUTHORIZATION_FAILED: no' } as const;

const SOUND: GroupsSeen = {
  application: members(reader),
  committed: committed(10, 10),
  ranges: new Map([
    [0, { first: 0, end: 20 }],
    [1, { first: 10, end: 12 }],
  ]),
  own: members(replica, replica),
  knownToRedis: true,
};

function found(changes: Partial<GroupsSeen>, settings = config): string[] {
  return groupFindings(settings, aRoute(), { ...SOUND, ...changes }, kafka).map(
    ({ severity, code, subject, what }) => `${severity} ${code} ${subject} ${what}`,
  );
}

test.each([
  ['groups as they should be', {}, []],
  ['a service that was never started', { own: { kind: 'read', value: null }, knownToRedis: false }, []],
  [
    'a group that is not there',
    { application: { kind: 'read', value: null }, committed: committed() },
    ['warning group-never-committed group orders-service is not there: it has no members and no offsets'],
  ],
  [
    'a group that never committed',
    { committed: committed() },
    ['warning group-never-committed group orders-service has never committed an offset of orders'],
  ],
  [
    'a group without members',
    { application: members() },
    [
      'warning group-stale group orders-service has no members; it has committed, and 12 messages of orders wait for it',
    ],
  ],
  [
    'offsets that retention has overtaken',
    { committed: committed(10, 9) },
    [
      'warning group-behind-retention group orders-service is behind the first message that is left in orders, in 1 of its partitions',
    ],
  ],
  [
    'members that read something else',
    { application: members(reader, { clientId: 'batch', host: '10.0.0.9', topics: ['mails'] }) },
    [
      'warning foreign-members group orders-service has members that do not read orders: batch at 10.0.0.9 (mails)',
    ],
  ],
  [
    'a stranger in the own group',
    { own: members(replica, { clientId: 'console', host: '10.0.0.9', topics: ['orders.retry'] }) },
    [
      "error foreign-members group retries.orders is the service's own, and has members that are not of it: console at 10.0.0.9 (orders.retry)",
    ],
  ],
  [
    'a member of the own group that reads another topic',
    { own: members({ ...replica, topics: ['mails.retry'] }) },
    [expect.stringMatching(/^error foreign-members group retries\.orders /)],
  ],
  [
    'a Redis that does not know what the members own',
    { knownToRedis: false },
    [expect.stringMatching(/^warning two-installations group retries\.orders has 2 members/)],
  ],
  ['a Redis that does not answer', { knownToRedis: null }, []],
  [
    'what may not be read',
    { application: unreadable, committed: unreadable, own: unreadable },
    [
      'warning unreadable group orders-service its members could not be read: GROUP_AUTHORIZATION_FAILED: no',
      'warning unreadable group orders-service its offsets could not be read: GROUP_AUTHORIZATION_FAILED: no',
      'warning unreadable group retries.orders its members could not be read: GROUP_AUTHORIZATION_FAILED: no',
    ],
  ],
] as [string, Partial<GroupsSeen>, unknown[]][])('%s', (_what, changes, expected) => {
  expect(found(changes)).toEqual(expected);
});

test('the client id of librdkafka is the one that counts', () => {
  const kafkaSettings = { ...config.kafka, librdkafka: { 'client.id': 'mine' } };
  expect(
    found({ own: members({ ...replica, clientId: 'mine' }) }, { ...config, kafka: kafkaSettings }),
  ).toEqual([]);
});
