import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { announcementHeaders } from '../../../src/domain/outgoing-headers.ts';
import { headerText } from '../../../src/domain/record.ts';
import type { KafkaRecord } from '../../../src/domain/record.ts';
import { readRetryRecord } from '../../../src/domain/retry-record.ts';

const NOW = 1_700_000_000_000;
const place = { mainTopic: 'orders', now: NOW };

function record(headers: Record<string, string>, more: Partial<KafkaRecord> = {}): KafkaRecord {
  return {
    topic: 'orders.retry',
    partition: 2,
    offset: 99,
    timestamp: NOW - 10,
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    headers: Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)]),
    ...more,
  };
}

const ORIGIN = {
  'x-retry-origin-topic': 'orders',
  'x-retry-origin-partition': '2',
  'x-retry-origin-offset': '41',
};

describe('a retry record', () => {
  test('what a gate announced is read as it was meant', () => {
    const announcement = {
      route: 'orders',
      origin: { topic: 'orders', partition: 2, offset: 41 },
      attempt: 1,
      errorClass: 'Timeout',
      errorMessage: 'nein – später',
      fatal: true,
      claim: '17',
      notBefore: NOW + 5_000,
    };
    const headers = { ...announcementHeaders(announcement), 'x-retry-origin-timestamp': '1234' };
    const read = readRetryRecord(record(headers), place);
    expect(read).toEqual({
      origin: announcement.origin,
      own: true,
      attempt: 1,
      failedAt: NOW - 10,
      notBefore: NOW + 5_000,
      delay: 0,
      fatal: true,
      errorClass: 'Timeout',
      errorMessage: 'nein – später',
      claim: '17',
      announced: true,
      token: null,
      originTimestamp: 1_234,
      valueAtOrigin: false,
      malformed: null,
      carried: null,
      redrive: '',
    });
  });

  test('a dead letter that comes again says by which redrive, and announces nothing', () => {
    const headers = {
      ...ORIGIN,
      ...{ 'x-retry-redrive': 'job/0/17', 'x-retry-attempt': '0', 'x-retry-claim': '9' },
    };
    expect(readRetryRecord(record(headers), place)).toMatchObject({
      ...{ redrive: 'job/0/17', attempt: 0, claim: '', announced: false, own: true },
    });
    const long = { ...ORIGIN, 'x-retry-redrive': 'x'.repeat(1_000) };
    expect(readRetryRecord(record(long), place).redrive).toHaveLength(255);
  });

  test('a copy of an older one says of which, and what has happened since', () => {
    const headers = {
      ...ORIGIN,
      ...{ 'x-retry-carried': '17', 'x-retry-attempt': '3', 'x-retry-delay-ms': '400' },
      ...{ 'x-retry-first-failed-at': '1690000000000', 'x-retry-unanswered': '2' },
    };
    expect(readRetryRecord(record(headers), place)).toMatchObject({
      ...{ attempt: 3, delay: 400, failedAt: NOW },
      carried: { original: 17, place: null, firstFailedAt: 1_690_000_000_000, unanswered: 2 },
    });
  });

  test.each([
    ['whose number is none', { ...ORIGIN, 'x-retry-carried': 'seventeen' }],
    [
      'of a foreign origin without its place',
      { ...ORIGIN, 'x-retry-origin-topic': 'theirs', 'x-retry-carried': '17' },
    ],
  ])('a copy %s is an ordinary record', (_, headers) => {
    expect(readRetryRecord(record(headers), place)).toMatchObject({ carried: null, malformed: null });
  });

  test('one that was not announced says so, but keeps its claim', () => {
    const read = readRetryRecord(
      record({ ...ORIGIN, 'x-retry-claim': '17', 'x-retry-unannounced': 'true' }),
      place,
    );
    expect(read).toMatchObject({ claim: '17', announced: false });
  });

  test('one without any convention is a first failure with its own position as origin', () => {
    expect(readRetryRecord(record({}), place)).toMatchObject({
      origin: { topic: 'orders.retry', partition: 2, offset: 99 },
      own: false,
      attempt: 1,
      malformed: null,
      announced: false,
    });
  });

  test('hints of any producer are followed', () => {
    const headers = { 'x-retry-delay-ms': '500', 'x-retry-not-before': '7', 'x-retry-fatal': 'true' };
    expect(readRetryRecord(record(headers), place)).toMatchObject({ delay: 500, notBefore: 7, fatal: true });
  });

  test.each([
    ['another topic', { ...ORIGIN, 'x-retry-origin-topic': 'other' }],
    ['another partition', { ...ORIGIN, 'x-retry-origin-partition': '3' }],
  ])('an origin in %s is foreign', (_, headers) => {
    expect(readRetryRecord(record(headers), place)).toMatchObject({ own: false, malformed: null });
  });

  test.each([
    ['half an origin', { 'x-retry-origin-topic': 'orders', 'x-retry-origin-partition': '2' }],
    ['no topic', { 'x-retry-origin-partition': '2', 'x-retry-origin-offset': '41' }],
    ['an offset that is none', { ...ORIGIN, 'x-retry-origin-offset': '-1' }],
    ['an offset beyond all', { ...ORIGIN, 'x-retry-origin-offset': '999999999999999' }],
    ['a partition with a fraction', { ...ORIGIN, 'x-retry-origin-partition': '1.5' }],
    ['an attempt in letters', { ...ORIGIN, 'x-retry-attempt': 'two' }],
    ['an attempt in letters and no origin', { 'x-retry-attempt': 'two' }],
  ])('%s is malformed, and keeps its position', (_, headers) => {
    const read = readRetryRecord(record(headers), place);
    expect(read.malformed).toMatch(/^header x-retry-/);
    expect(read).toMatchObject({ own: false, origin: { topic: 'orders.retry', offset: 99 } });
  });

  test('attempts fit into two bytes', () => {
    expect(readRetryRecord(record({ ...ORIGIN, 'x-retry-attempt': '70000' }), place).attempt).toBe(65_535);
  });

  test("a producer's clock that is far ahead is not believed", () => {
    expect(readRetryRecord(record(ORIGIN, { timestamp: NOW + 60_000 }), place).failedAt).toBe(NOW + 60_000);
    expect(readRetryRecord(record(ORIGIN, { timestamp: NOW + 60_001 }), place).failedAt).toBe(NOW);
    expect(readRetryRecord(record(ORIGIN, { timestamp: -1 }), place).failedAt).toBe(NOW);
  });

  test('the token of the delivery that failed is kept, and one that nobody wrote is none', () => {
    const token = { ...ORIGIN, 'x-retry-delivery': '0000000000000029.abc' };
    expect(readRetryRecord(record(token), place).token).toMatchObject({ nonce: 'abc' });
    expect(readRetryRecord(record({ ...ORIGIN, 'x-retry-delivery': 'x' }), place).token).toBeNull();
  });

  test('where a tool publishes the failure of a redelivered record, our headers say which, and its own say why', () => {
    const spring = {
      ...ORIGIN,
      ...{ 'x-retry-attempt': '3', 'x-retry-delivery': '0000000000000029.abcdefghijkl-0' },
      ...{ 'kafka_dlt-exception-cause-fqcn': 'shop.NoAnswer', 'kafka_dlt-exception-message': 'not there' },
      'kafka_dlt-original-topic': 'orders',
      'kafka_dlt-original-partition': '\0\0\0\u0002',
      'kafka_dlt-original-offset': '\0\0\0\0\0\0\0\u0007',
    };
    expect(readRetryRecord(record(spring), place)).toMatchObject({
      ...{ origin: { topic: 'orders', partition: 2, offset: 41 }, attempt: 3 },
      ...{ errorClass: 'shop.NoAnswer', errorMessage: 'not there' },
    });
    const both = { ...spring, 'x-retry-error-class': 'Timeout', 'x-retry-error-message': 'later' };
    expect(readRetryRecord(record(both), place)).toMatchObject({
      ...{ errorClass: 'Timeout', errorMessage: 'later' },
    });
    // A gate writes no error into a follower; what is there comes from an earlier hop.
    const { 'x-retry-delivery': _, ...follower } = spring;
    expect(readRetryRecord(record({ ...follower, 'x-retry-attempt': '0' }), place)).toMatchObject({
      ...{ errorClass: '', errorMessage: '' },
    });
  });

  test('whatever the headers hold, it is read, and every number fits where it is kept', () => {
    const names = fc.constantFrom(
      ...Object.keys(ORIGIN),
      'x-retry-attempt',
      'x-retry-delay-ms',
      'x-retry-not-before',
      'x-retry-origin-timestamp',
      'x-retry-claim',
      'x-retry-delivery',
    );
    const texts = fc.oneof(fc.nat().map(String), fc.bigInt().map(String), fc.string(), fc.constant('orders'));
    fc.assert(
      fc.property(fc.dictionary(names, texts), fc.integer(), (headers, timestamp) => {
        const read = readRetryRecord(record(headers, { timestamp }), place);
        for (const number of [read.origin.offset, read.failedAt, read.delay, read.notBefore]) {
          expect(Number.isInteger(number) && number >= 0 && number < 2 ** 48).toBe(true);
        }
        expect(read.attempt >= 0 && read.attempt <= 65_535).toBe(true);
        expect(read.own && read.malformed !== null).toBe(false);
      }),
    );
  });
});

test('of a header that is there twice, the last one counts', () => {
  const headers = [
    ['a', Buffer.from('1')],
    ['b', Buffer.from('2')],
    ['a', Buffer.from('3')],
  ] as const;
  expect(headerText(headers, 'a')).toBe('3');
  expect(headerText(headers, 'c')).toBeUndefined();
});
