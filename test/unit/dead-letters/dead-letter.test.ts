import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readDeadLetter } from '../../../src/dead-letters/dead-letter.ts';
import type { DeadLetter } from '../../../src/dead-letters/dead-letter.ts';
import { deadLetterHeaders, placeHeaders } from '../../../src/domain/outgoing-headers.ts';
import type { DeadLetterReason } from '../../../src/domain/outgoing-headers.ts';
import type { Header, KafkaRecord } from '../../../src/domain/record.ts';

const WRITTEN = 1_767_225_600_500;

/** Names and values: text as it is, bytes in hex as `hex:…`. */
type Written = readonly (readonly [name: string, value: string])[];

function record(headers: Written, more: Partial<KafkaRecord> = {}): KafkaRecord {
  const read = headers.map(([name, value]): Header => [
    name,
    value.startsWith('hex:') ? Buffer.from(value.slice(4), 'hex') : Buffer.from(value, 'utf8'),
  ]);
  return {
    ...{ topic: 'orders.dlq', partition: 2, offset: 7, timestamp: WRITTEN },
    ...{ key: Buffer.from('k'), value: Buffer.from('v'), headers: read },
    ...more,
  };
}

const read = (headers: Written, more: Partial<KafkaRecord> = {}): DeadLetter =>
  readDeadLetter(record(headers, more), 'orders')!;

const ORIGIN = { topic: 'orders', partition: 3, offset: 1_234_567_890_123 };
const INT_3 = 'hex:00000003';
const LONG_OFFSET = 'hex:0000011f71fb04cb';

describe('a dead letter of ours', () => {
  const written = (reason: DeadLetterReason): Written =>
    deadLetterHeaders(
      {
        place: placeHeaders('orders', ORIGIN),
        originOffset: ORIGIN.offset,
        originTimestamp: 1_700_000_000_000,
        applicationHeaders: [['trace', Buffer.from('abc')]],
        redrive: '',
      },
      {
        ...{ attempt: 7, reason, firstFailedAt: 1_767_225_500_000, deadLetteredAt: 1_767_225_600_000 },
        ...{ errorClass: 'Boom', errorMessage: 'it broke' },
      },
    ).map(([name, value]) => [name, value.toString()]);

  test.each([
    'exhausted',
    'fatal',
    'expired',
    'malformed',
    'undeliverable',
    'unanswered',
    'operator',
  ] as const)('given up as %s is read as it was written', (reason) => {
    expect(read(written(reason))).toEqual({
      position: { partition: 2, offset: 7 },
      ...{ source: 'service', reason, origin: ORIGIN, originTimestamp: 1_700_000_000_000, attempt: 7 },
      ...{ errorClass: 'Boom', errorMessage: 'it broke', redrive: null },
      ...{ firstFailedAt: 1_767_225_500_000, deadLetteredAt: 1_767_225_600_000 },
      ...{ key: Buffer.from('k'), value: Buffer.from('v'), keyAtOrigin: false, valueAtOrigin: false },
      applicationHeaders: [['trace', Buffer.from('abc')]],
    });
  });

  test('says which redrive it came back from, and that its value stayed at its origin', () => {
    const more: Written = [
      ['x-retry-redrive', 'job/2/5'],
      ['x-retry-value', 'origin'],
    ];
    expect(read([...written('exhausted'), ...more], { value: null })).toMatchObject({
      ...{ redrive: 'job/2/5', keyAtOrigin: false, valueAtOrigin: true, value: null },
    });
  });

  test.each<[string, Written, Partial<DeadLetter>]>([
    ['no origin', [['x-retry-dead-letter-reason', 'fatal']], { origin: null, reason: 'fatal', attempt: 0 }],
    ['a reason of tomorrow', [['x-retry-dead-letter-reason', 'bored']], { reason: 'unknown' }],
    [
      'an offset that is no number',
      [...written('fatal').filter(([name]) => !name.endsWith('offset')), ['x-retry-origin-offset', '-1']],
      { origin: null, reason: 'fatal', errorClass: 'Boom' },
    ],
    [
      'a time that is none',
      [...written('fatal'), ['x-retry-dead-lettered-at', 'noon']],
      { deadLetteredAt: WRITTEN, origin: ORIGIN },
    ],
  ])('with %s is listed with what can be read', (_, headers, expected) => {
    expect(read(headers)).toMatchObject({ source: 'service', ...expected });
  });

  test('has a message of 256 bytes at most, cut between two characters', () => {
    const { errorMessage } = read([
      ...written('fatal').filter(([name]) => !name.endsWith('message')),
      ['x-retry-error-message', `x${'ö'.repeat(200)}`],
    ]);
    expect(errorMessage).toBe(`x${'ö'.repeat(127)}`);
  });
});

describe('a dead letter of another tool', () => {
  test.each<[string, Written, Partial<KafkaRecord>, Partial<DeadLetter>]>([
    [
      "Spring's @RetryableTopic",
      [
        ['kafka_original-topic', 'orders'],
        ['kafka_original-partition', INT_3],
        ['kafka_original-offset', LONG_OFFSET],
        ['kafka_original-timestamp', 'hex:0000019b76daa800'],
        ['kafka_exception-fqcn', 'org.springframework.kafka.listener.ListenerExecutionFailedException'],
        ['kafka_exception-cause-fqcn', 'java.lang.IllegalStateException'],
        ['kafka_exception-message', 'Listener failed; größer'],
        ['retry_topic-attempts', 'hex:00000004'],
        ['retry_topic-original-timestamp', 'hex:019b76daa800'],
      ],
      {},
      {
        ...{ source: 'spring', reason: 'failed', origin: ORIGIN, attempt: 3 },
        ...{ errorClass: 'java.lang.IllegalStateException', errorMessage: 'Listener failed; größer' },
        originTimestamp: 1_767_225_600_000,
      },
    ],
    [
      "Spring's DeadLetterPublishingRecoverer",
      [
        ['kafka_dlt-original-topic', 'orders'],
        ['kafka_dlt-original-partition', INT_3],
        ['kafka_dlt-original-offset', LONG_OFFSET],
        ['kafka_dlt-original-timestamp', 'hex:0000019b76daa800'],
        ['kafka_dlt-original-timestamp-type', 'CreateTime'],
        ['kafka_dlt-original-consumer-group', 'orders-service'],
        ['kafka_dlt-exception-fqcn', 'org.example.Boom'],
        ['kafka_dlt-exception-message', 'no stock'],
      ],
      {},
      {
        ...{ source: 'spring', reason: 'failed', origin: ORIGIN, attempt: 1 },
        ...{ errorClass: 'org.example.Boom', errorMessage: 'no stock', deadLetteredAt: WRITTEN },
      },
    ],
    [
      'Kafka Connect',
      [
        ['__connect.errors.topic', 'orders'],
        ['__connect.errors.partition', '3'],
        ['__connect.errors.offset', '1234567890123'],
        ['__connect.errors.connector.name', 'sink'],
        ['__connect.errors.task.id', '0'],
        ['__connect.errors.stage', 'VALUE_CONVERTER'],
        ['__connect.errors.exception.class.name', 'org.apache.kafka.connect.errors.DataException'],
        ['__connect.errors.exception.message', 'no JSON'],
      ],
      {},
      {
        ...{ source: 'connect', reason: 'failed', origin: ORIGIN, errorMessage: 'no JSON' },
        errorClass: 'org.apache.kafka.connect.errors.DataException',
      },
    ],
    [
      'Kafka Streams',
      [
        ['__streams.errors.exception', 'java.lang.ClassCastException'],
        ['__streams.errors.message', 'cannot cast'],
        ['__streams.errors.topic', 'orders'],
        ['__streams.errors.partition', '3'],
        ['__streams.errors.offset', '1234567890123'],
      ],
      {},
      { source: 'streams', reason: 'failed', origin: ORIGIN, errorClass: 'java.lang.ClassCastException' },
    ],
    [
      'a share group',
      [
        ['__dlq.errors.topic', 'orders'],
        ['__dlq.errors.partition', '3'],
        ['__dlq.errors.offset', '1234567890123'],
        ['__dlq.errors.group', 'orders-share'],
        ['__dlq.errors.delivery.count', '5'],
        ['__dlq.errors.message', 'Delivery count exceeded'],
      ],
      { key: null, value: null },
      {
        ...{ source: 'share-group', reason: 'failed', origin: ORIGIN, attempt: 5 },
        ...{ keyAtOrigin: true, valueAtOrigin: true, key: null },
      },
    ],
    [
      'a share group that copies the record',
      [
        ['__dlq.errors.topic', 'orders'],
        ['__dlq.errors.partition', '3'],
        ['__dlq.errors.offset', '1'],
      ],
      { key: null },
      { source: 'share-group', keyAtOrigin: false, valueAtOrigin: false },
    ],
    [
      'kafka-resilience',
      [
        ['x-dlq-reason', 'max retries exceeded: no stock'],
        ['x-dlq-timestamp', '1767225600'],
        ['x-dlq-source-topic', 'orders'],
        ['x-dlq-retry-attempts', '5'],
        ['x-dlq-original-failure-time', '1767225500'],
      ],
      {},
      {
        ...{ source: 'kafka-resilience', reason: 'failed', origin: null, attempt: 5 },
        ...{ errorMessage: 'max retries exceeded: no stock', firstFailedAt: 1_767_225_500_000 },
        deadLetteredAt: 1_767_225_600_000,
      },
    ],
    [
      'nobody knows whom',
      [['reason', 'just so']],
      {},
      {
        ...{ source: 'unknown', reason: 'unknown', origin: null, attempt: 0, deadLetteredAt: WRITTEN },
        applicationHeaders: [['reason', Buffer.from('just so')]],
      },
    ],
  ])('by %s is understood', (_, headers, more, expected) => {
    expect(read(headers, more)).toMatchObject(expected);
  });
});

const NAMES = [
  ...[
    'dead-letter-reason',
    'origin-topic',
    'origin-partition',
    'origin-offset',
    'origin-timestamp',
    'attempt',
  ],
  ...['error-class', 'error-message', 'first-failed-at', 'dead-lettered-at', 'redrive', 'value'],
].map((name) => `x-retry-${name}`);
const FOREIGN = [
  ...['kafka_dlt-original-topic', 'kafka_dlt-original-partition', 'kafka_dlt-original-offset'],
  ...[
    'retry_topic-attempts',
    '__connect.errors.topic',
    '__connect.errors.partition',
    '__connect.errors.offset',
  ],
  ...['__dlq.errors.topic', '__dlq.errors.offset', 'x-dlq-reason', 'x-dlq-timestamp', 'asyncRetry'],
];

test('whatever bytes there are, a dead letter comes of it that fits where it is kept', () => {
  const name = fc.oneof(fc.constantFrom(...NAMES, ...FOREIGN), fc.string());
  const bytes = fc.uint8Array({ maxLength: 600 }).map((value) => Buffer.from(value));
  const value = fc.oneof(
    bytes,
    fc.nat().map((n) => Buffer.from(String(n))),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), fc.integer(), (headers, timestamp) => {
      const letter = readDeadLetter({ ...record([]), headers, timestamp }, 'orders')!;
      for (const time of [letter.deadLetteredAt, letter.firstFailedAt ?? 0, letter.origin?.offset ?? 0]) {
        expect(time).toBeGreaterThanOrEqual(0);
        expect(time).toBeLessThan(2 ** 47);
      }
      expect(Buffer.byteLength(letter.errorMessage)).toBeLessThanOrEqual(256);
      expect(Buffer.byteLength(letter.errorClass)).toBeLessThanOrEqual(256);
    }),
  );
});
