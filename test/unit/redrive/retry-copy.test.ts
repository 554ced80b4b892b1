import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readDeadLetter } from '../../../src/dead-letters/dead-letter.ts';
import type { Header } from '../../../src/domain/record.ts';
import { readRetryRecord } from '../../../src/domain/retry-record.ts';
import { understandForeign } from '../../../src/domain/foreign-headers.ts';
import type { OutgoingRecord } from '../../../src/kafka/send.ts';
import {
  copyId,
  type Destination,
  isAtHome,
  parseCopyId,
  retryCopy,
} from '../../../src/redrive/retry-copy.ts';

const AT = { partition: 4, offset: 77 };
const TO: Destination = { route: 'orders', topic: 'orders', retryTopic: 'orders.retry', partitions: 6 };

const bytes = (text: string): Buffer => Buffer.from(text);
const int = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const long = (value: number): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt(value));
  return buffer;
};

function copyOf(headers: readonly Header[], key: Buffer | null = bytes('k')): OutgoingRecord {
  const record = { topic: 'orders.dlq', ...AT, timestamp: 1_000, key, value: bytes('v'), headers };
  return retryCopy(readDeadLetter(record, TO.route)!, AT, 'r-1', TO);
}

const shown = ({ headers }: OutgoingRecord): string[] =>
  headers.map(([name, value]) => `${name}=${value.toString('utf8')}`);

const OURS: readonly Header[] = [
  ['trace', bytes('t1')],
  ['x-retry-route', bytes('orders')],
  ['x-retry-origin-topic', bytes('orders')],
  ['x-retry-origin-partition', bytes('2')],
  ['x-retry-origin-offset', bytes('12345')],
  ['x-retry-origin-timestamp', bytes('1700000000000')],
  ['x-retry-attempt', bytes('7')],
  ['x-retry-reason', bytes('failed')],
  ['x-retry-error-class', bytes('TypeError')],
  ['x-retry-error-message', bytes('no')],
  ['x-retry-redrive', bytes('r-0/1/2')],
  ['x-retry-dead-letter-reason', bytes('exhausted')],
  ['x-retry-first-failed-at', bytes('1700000000001')],
  ['x-retry-dead-lettered-at', bytes('1700000000002')],
];

const FRESH = ['x-retry-attempt=0', 'x-retry-reason=failed', 'x-retry-redrive=r-1/4/77'];

test('a dead letter of the service goes back to the partition of its origin, as if it had never been tried', () => {
  const copy = copyOf(OURS);
  expect(copy).toMatchObject({ topic: 'orders.retry', partition: 2, key: bytes('k'), value: bytes('v') });
  expect(shown(copy)).toEqual([
    'trace=t1',
    'x-retry-route=orders',
    'x-retry-origin-topic=orders',
    'x-retry-origin-partition=2',
    'x-retry-origin-offset=12345',
    'x-retry-origin-timestamp=1700000000000',
    ...FRESH,
  ]);
});

const SPRING_RETRYABLE: readonly Header[] = [
  ['trace', bytes('t1')],
  ['kafka_original-topic', bytes('orders')],
  ['kafka_original-partition', int(3)],
  ['kafka_original-offset', long(99)],
  ['kafka_original-timestamp', long(1_700_000_000_000)],
  ['kafka_original-timestamp-type', bytes('CreateTime')],
  ['kafka_dlt-original-consumer-group', bytes('g')],
  ['kafka_exception-fqcn', bytes('a.B')],
  ['kafka_exception-message', bytes('no')],
  ['kafka_exception-stacktrace', bytes('at …')],
  ['retry_topic-attempts', int(4)],
  ['retry_topic-original-timestamp', Buffer.from('018bcfe56800', 'hex')],
  ['retry_topic-backoff-timestamp', Buffer.from('018bcfe56800', 'hex')],
  ['kafka_deliveryAttempt', int(3)],
];

const FOREIGN: Readonly<Record<string, { headers: readonly Header[]; origin: string[]; partition: number }>> =
  {
    "Spring's @RetryableTopic": {
      headers: SPRING_RETRYABLE,
      origin: ['3', '99', '1700000000000'],
      partition: 3,
    },
    "Spring's DeadLetterPublishingRecoverer": {
      headers: [
        ['trace', bytes('t1')],
        ['kafka_dlt-original-topic', bytes('orders')],
        ['kafka_dlt-original-partition', int(1)],
        ['kafka_dlt-original-offset', long(5)],
        ['kafka_dlt-original-timestamp', long(1_700_000_000_000)],
        ['kafka_dlt-exception-fqcn', bytes('a.B')],
        ['springDeserializerExceptionValue', bytes('\u00ac\u00ed')],
        // A second hop.
        ['kafka_dlt-original-topic', bytes('orders.DLT')],
        ['kafka_dlt-original-partition', int(0)],
        ['kafka_dlt-original-offset', long(0)],
      ],
      origin: ['1', '5', '1700000000000'],
      partition: 1,
    },
    'Kafka Connect': {
      headers: [
        ['trace', bytes('t1')],
        ['__connect.errors.topic', bytes('orders')],
        ['__connect.errors.partition', bytes('5')],
        ['__connect.errors.offset', bytes('8')],
        ['__connect.errors.exception.class.name', bytes('a.B')],
      ],
      origin: ['5', '8'],
      partition: 5,
    },
    'Kafka Streams': {
      headers: [
        ['trace', bytes('t1')],
        ['__streams.errors.topic', bytes('orders')],
        ['__streams.errors.partition', bytes('0')],
        ['__streams.errors.offset', bytes('8')],
        ['__streams.errors.exception', bytes('a.B')],
      ],
      origin: ['0', '8'],
      partition: 0,
    },
  };

describe('what other tools wrote for themselves is gone, what the application wrote is there, and the origin is kept:', () => {
  for (const [tool, { headers, origin, partition }] of Object.entries(FOREIGN)) {
    test(tool, () => {
      const copy = copyOf(headers);
      const [originPartition, offset, timestamp] = origin;
      expect(copy.partition).toBe(partition);
      expect(shown(copy)).toEqual([
        'trace=t1',
        'x-retry-route=orders',
        'x-retry-origin-topic=orders',
        `x-retry-origin-partition=${originPartition}`,
        `x-retry-origin-offset=${offset}`,
        ...(timestamp === undefined ? [] : [`x-retry-origin-timestamp=${timestamp}`]),
        ...FRESH,
      ]);
    });
  }

  test('Greyhound, kafkajs-async-retry and kafka-resilience, which say nothing of the origin', () => {
    const key = bytes('foobar');
    const greyhound: readonly Header[] = [
      ['submitTimestamp', bytes('1700000000000')],
      ['backOffTimeMs', bytes('1000')],
      ['GH_OriginalTopic', bytes('orders')],
      ['GH_RetryAttempt', bytes('2')],
      ['trace', bytes('t1')],
    ];
    const kafkajs: readonly Header[] = [
      ['asyncRetry', bytes('{"att":2,"top":"orders","ttl":1700000000000}')],
      ['trace', bytes('t1')],
    ];
    const resilience: readonly Header[] = [
      ['x-retry-attempt', bytes('3')],
      ['x-retry-max', bytes('3')],
      ['x-dlq-reason', bytes('no')],
      ['x-dlq-timestamp', bytes('1700000000')],
      // As much the application's as the tool's.
      ['id', bytes('17')],
      ['trace', bytes('t1')],
    ];
    const rest = ['x-retry-route=orders', ...FRESH];
    expect(shown(copyOf(greyhound, key))).toEqual(['trace=t1', ...rest]);
    expect(shown(copyOf(kafkajs, key))).toEqual(['trace=t1', ...rest]);
    expect(shown(copyOf(resilience, key))).toEqual(['id=17', 'trace=t1', ...rest]);
    // By its key, as the producer of the main topic would: -790332482 & 0x7fffffff is 1357151166.
    expect(copyOf(greyhound, key).partition).toBe(1_357_151_166 % 6);
    expect(copyOf(greyhound, null).partition).toBe(4);
  });

  test('a timestamp header without the mark of Greyhound is the application’s', () => {
    expect(shown(copyOf([['submitTimestamp', bytes('1')]]))[0]).toBe('submitTimestamp=1');
  });
});

test('an origin outside of the route goes by its key', () => {
  const elsewhere = OURS.map(([name, value]): Header => [
    name,
    name === 'x-retry-origin-topic' ? bytes('payments') : value,
  ]);
  const beyond = OURS.map(([name, value]): Header => [
    name,
    name === 'x-retry-origin-partition' ? bytes('6') : value,
  ]);
  for (const headers of [elsewhere, beyond]) {
    const record = { topic: 'd', ...AT, timestamp: 0, key: bytes('foobar'), value: null, headers };
    const letter = readDeadLetter(record, TO.route)!;
    const copy = retryCopy(letter, AT, 'r-1', TO);
    expect(copy.partition).toBe(1_357_151_166 % 6);
    expect(isAtHome(letter, copy, TO)).toBe(false);
  }
});

const anyHeader = fc.tuple(
  fc.string({ maxLength: 12 }).filter((name) => !name.startsWith('x-retry-')),
  fc.uint8Array({ maxLength: 8 }).map((array) => Buffer.from(array)),
);

test("the application's own headers are untouched: bytes, order, repetitions, whatever is between them", () => {
  fc.assert(
    fc.property(
      fc.array(anyHeader, { maxLength: 8 }),
      fc.constantFrom(...Object.values(FOREIGN).map(({ headers }) => headers), OURS),
      fc.array(fc.nat(), { maxLength: 20 }),
      (own, others, places) => {
        const foreign = others.filter(([name]) => name !== 'trace');
        const mixed: Header[] = [...own];
        foreign.forEach((header, i) => mixed.splice((places[i] ?? 0) % (mixed.length + 1), 0, header));
        const { headers } = copyOf(mixed);
        const names = new Set(headers.map(([name]) => name).filter((name) => name.startsWith('x-retry-')));
        const kept = headers.filter(([name]) => !name.startsWith('x-retry-'));
        expect(kept).toEqual(own);
        // None of ours is there twice.
        expect(headers.length - kept.length).toBe(names.size);
      },
    ),
  );
});

test('the box reads a copy as a message that was never tried, whoever gave it up', () => {
  for (const headers of [OURS, ...Object.values(FOREIGN).map((tool) => tool.headers)]) {
    const copy = copyOf(headers);
    const written = copy.headers.map(([name, value]): Header => [name, Buffer.from(value as never)]);
    const record = {
      ...{ topic: 'orders.retry', partition: copy.partition ?? 0, offset: 1, timestamp: 5 },
      ...{ key: copy.key, value: copy.value, headers: written },
    };
    expect(readRetryRecord(record, { mainTopic: 'orders', now: 10 })).toMatchObject({
      ...{ own: true, attempt: 0, fatal: false, malformed: null, redrive: 'r-1/4/77', claim: '', delay: 0 },
    });
    expect(understandForeign(record)).toBeNull();
  }
});

test('an id names the redrive and the dead letter', () => {
  expect(parseCopyId(copyId('r-1', AT), 'r-1')).toEqual(AT);
  for (const other of ['', 'r-1', 'r-2/4/77', 'r-1/4', 'r-1/4/', 'r-1/4/77/1', 'r-1/-4/77', 'r-1/4/7e1']) {
    expect(parseCopyId(other, 'r-1')).toBeNull();
  }
});
