import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { ForeignRetry } from '../../../src/domain/foreign/convention.ts';
import { understandForeign } from '../../../src/domain/foreign-headers.ts';
import type { Header } from '../../../src/domain/record.ts';

/** Names and values: text as it is, bytes in hex as `hex:…`. */
type Written = readonly (readonly [name: string, value: string])[];

function headersOf(written: Written): Header[] {
  return written.map(([name, value]) => [
    name,
    value.startsWith('hex:') ? Buffer.from(value.slice(4), 'hex') : Buffer.from(value, 'utf8'),
  ]);
}

const understand = (...written: Written): ForeignRetry | null =>
  understandForeign({ headers: headersOf(written) });

/** The headers without those of the given names, and with the given ones instead. */
const change = (written: Written, ...instead: Written): Written => [
  ...written.filter(([name]) => !instead.some(([other]) => other === name)),
  ...instead,
];

const ORIGIN = { topic: 'orders', partition: 3, offset: 1_234_567_890_123 };
const INT_3 = 'hex:00000003';
const LONG_OFFSET = 'hex:0000011f71fb04cb';
const NEW_YEAR_2026 = 1_767_225_600_000;
const LONG_TIME = 'hex:0000019b76daa800';

describe("Spring's @RetryableTopic", () => {
  const record: Written = [
    ['kafka_original-topic', 'orders'],
    ['kafka_original-partition', INT_3],
    ['kafka_original-offset', LONG_OFFSET],
    ['kafka_original-timestamp', LONG_TIME],
    ['kafka_original-timestamp-type', 'CreateTime'],
    ['kafka_dlt-original-consumer-group', 'orders-service'],
    ['kafka_exception-fqcn', 'org.springframework.kafka.listener.ListenerExecutionFailedException'],
    ['kafka_exception-cause-fqcn', 'java.lang.IllegalStateException'],
    ['kafka_exception-message', 'Listener failed; größer'],
    ['kafka_exception-stacktrace', 'at …'],
    ['retry_topic-original-timestamp', 'hex:019b76daa800'],
    ['retry_topic-attempts', 'hex:00000003'],
    ['retry_topic-backoff-timestamp', 'hex:019b76dab7a0'],
  ];

  test('tells everything', () => {
    expect(understand(...record)).toEqual({
      attempt: 2,
      notBefore: NEW_YEAR_2026 + 4_000,
      origin: ORIGIN,
      originTimestamp: NEW_YEAR_2026,
      errorClass: 'java.lang.IllegalStateException',
      errorMessage: 'Listener failed; größer',
    });
  });

  test.each([
    ['hex:00000002', 1],
    ['hex:02', 1],
    ['hex:ff', 254],
    ['hex:0000ffff', 65_534],
  ])('wrote the attempt to come as %s: %i are over', (bytes, attempt) => {
    expect(understand(['retry_topic-attempts', bytes])).toEqual({ attempt });
  });

  test.each(['', 'hex:00', 'hex:01', 'hex:00000001', 'hex:00000000', 'hex:ffffffff', 'hex:0002', 'three'])(
    'never wrote the attempt as %j',
    (bytes) => {
      expect(understand(...change(record, ['retry_topic-attempts', bytes]))).toBeNull();
    },
  );

  test.each([
    ['hex:7f', 127],
    ['hex:0080', 128],
    ['hex:019b76daa800', NEW_YEAR_2026],
    ['hex:0000019b76daa800', NEW_YEAR_2026],
    ['hex:ff', undefined],
    ['hex:7fffffffffffffff', undefined],
    ['hex:000000019b76daa800', undefined],
    ['', undefined],
  ])('%j is due at %j', (bytes, notBefore) => {
    expect(understand(['retry_topic-attempts', 'hex:02'], ['retry_topic-backoff-timestamp', bytes])).toEqual({
      attempt: 1,
      notBefore,
    });
  });

  test.each<[Written]>([
    [[['kafka_original-topic', 'no topic']]],
    [[['kafka_original-topic', '']]],
    [[['kafka_original-partition', '3']]],
    [[['kafka_original-partition', 'hex:ffffffff']]],
    [[['kafka_original-offset', 'hex:ffffffffffffffff']]],
    [[['kafka_original-offset', 'hex:0000800000000000']]],
    [[['kafka_original-offset', 'hex:00000003']]],
  ])('has no origin with %j', (garbage) => {
    const understood = understand(...change(record, ...garbage));
    expect(understood).toMatchObject({ attempt: 2 });
    expect(understood?.origin).toBeUndefined();
  });

  test('leaves out a time that it never had', () => {
    const times: Written = [
      ['kafka_original-timestamp', 'hex:ffffffffffffffff'],
      ['retry_topic-original-timestamp', 'hex:ff'],
    ];
    expect(understand(...change(record, ...times))?.originTimestamp).toBeUndefined();
  });

  test('knows the first time and the exception by their other names', () => {
    const written = record.filter(
      ([name]) => name !== 'kafka_original-timestamp' && name !== 'kafka_exception-cause-fqcn',
    );
    expect(understand(...written)).toMatchObject({
      originTimestamp: NEW_YEAR_2026,
      errorClass: expect.stringContaining('ListenerExecutionFailedException'),
    });
  });

  test('counts by the last of repeated attempts', () => {
    expect(understand(...record, ['retry_topic-attempts', 'hex:00000005'])?.attempt).toBe(4);
  });
});

describe("Spring's dead letter", () => {
  const record: Written = [
    ['kafka_dlt-original-topic', 'orders'],
    ['kafka_dlt-original-partition', INT_3],
    ['kafka_dlt-original-offset', LONG_OFFSET],
    ['kafka_dlt-original-timestamp', LONG_TIME],
    ['kafka_dlt-exception-fqcn', 'a.First'],
    ['kafka_dlt-exception-message', 'first'],
    ['springDeserializerExceptionValue', 'hex:aced0005737200'],
  ];
  const secondHop: Written = [
    ['kafka_dlt-original-topic', 'orders-retry'],
    ['kafka_dlt-original-partition', 'hex:00000000'],
    ['kafka_dlt-original-offset', 'hex:0000000000000001'],
    ['kafka_dlt-original-timestamp', 'hex:0000000000000002'],
    ['kafka_dlt-exception-fqcn', 'a.Second'],
    ['kafka_dlt-exception-message', 'second'],
  ];

  test('is known after one hop', () => {
    expect(understand(...record)).toEqual({
      attempt: 1,
      origin: ORIGIN,
      originTimestamp: NEW_YEAR_2026,
      errorClass: 'a.First',
      errorMessage: 'first',
    });
  });

  test('comes from its first origin, with its last error', () => {
    expect(understand(...record, ...secondHop)).toEqual({
      attempt: 1,
      origin: ORIGIN,
      originTimestamp: NEW_YEAR_2026,
      errorClass: 'a.Second',
      errorMessage: 'second',
    });
  });

  test('is not known without its origin', () => {
    expect(understand(...change(record, ['kafka_dlt-original-offset', '12']))).toBeNull();
    expect(understand(['kafka_dlt-exception-fqcn', 'a.First'])).toBeNull();
  });
});

describe.each([
  ['Kafka Connect', '__connect.errors.', 'exception.class.name', 'exception.message'],
  ['Kafka Streams', '__streams.errors.', 'exception', 'message'],
])('a record of %s', (_tool, prefix, errorClass, errorMessage) => {
  const record: Written = [
    [`${prefix}topic`, 'orders'],
    [`${prefix}partition`, '3'],
    [`${prefix}offset`, '1234567890123'],
    [`${prefix}${errorClass}`, 'a.Failure'],
    [`${prefix}${errorMessage}`, 'it failed'],
  ];

  test('is known', () => {
    expect(understand(...record)).toEqual({
      attempt: 1,
      origin: ORIGIN,
      errorClass: 'a.Failure',
      errorMessage: 'it failed',
    });
  });

  test('may lack its error', () => {
    expect(understand(...record.slice(0, 3))).toEqual({ attempt: 1, origin: ORIGIN });
  });

  test.each([
    ['topic', 'a/b'],
    ['partition', '-1'],
    ['partition', '2147483648'],
    ['partition', INT_3],
    ['offset', '1.5'],
    ['offset', '12345678901234567'],
    ['offset', ''],
  ])('is not known with the %s %j', (name, value) => {
    expect(understand(...change(record, [prefix + name, value]))).toBeNull();
  });
});

describe('a record of a share group', () => {
  const record: Written = [
    ['__dlq.errors.topic', 'orders'],
    ['__dlq.errors.partition', '3'],
    ['__dlq.errors.offset', '1234567890123'],
    ['__dlq.errors.group', 'orders-service'],
    ['__dlq.errors.delivery.count', '5'],
    ['__dlq.errors.message', 'Offset delivery count exceeded the threshold.'],
  ];

  test('was tried as often as it was delivered', () => {
    expect(understand(...record)).toEqual({
      attempt: 5,
      origin: ORIGIN,
      errorMessage: 'Offset delivery count exceeded the threshold.',
    });
  });

  test.each(['', '0', '-1', 'hex:0005'])('was tried once if its count is %j', (count) => {
    expect(understand(...change(record, ['__dlq.errors.delivery.count', count]))?.attempt).toBe(1);
  });
});

describe('a record of kafka-resilience', () => {
  const record: Written = [
    ['x-retry-attempt', '2'],
    ['x-retry-max', '5'],
    ['x-retry-next-time', '1767225600'],
    ['x-retry-original-time', '1767225000'],
    ['x-retry-reason', 'no connection'],
    ['topic', 'orders'],
    ['id', 'b1'],
  ];

  test('is due in seconds', () => {
    expect(understand(...record)).toEqual({
      attempt: 2,
      notBefore: NEW_YEAR_2026,
      errorMessage: 'no connection',
    });
  });

  test.each(['x-retry-max', 'x-retry-next-time', 'x-retry-original-time'])('is known by %s', (name) => {
    expect(understand(['x-retry-attempt', '1'], [name, '7'])).toMatchObject({ attempt: 1 });
  });

  test.each<[Written]>([
    [[['x-retry-attempt', '2']]],
    [
      [
        ['x-retry-attempt', '2'],
        ['x-retry-reason', 'failed'],
        ['x-retry-not-before', '1767225600000'],
        ['topic', 'orders'],
      ],
    ],
    [
      [
        ['x-retry-attempt', '2'],
        ['x-retry-max', 'many'],
      ],
    ],
    [[['x-retry-max', '5']]],
    [change(record, ['x-retry-attempt', '0'])],
    [change(record, ['x-retry-attempt', 'hex:02'])],
  ])('%j is none of it', (written) => {
    expect(understand(...written)).toBeNull();
  });

  test.each(['soon', '', '-5', '999999999999'])('is due at once if it was to be at %j', (time) => {
    const understood = understand(...change(record, ['x-retry-next-time', time]));
    expect(understood?.attempt).toBe(2);
    expect(understood?.notBefore).toBeUndefined();
  });
});

describe('a record of Greyhound', () => {
  const record: Written = [
    ['submitTimestamp', '1767225590000'],
    ['backOffTimeMs', '10000'],
    ['GH_OriginalTopic', 'orders'],
    ['GH_RetryAttempt', '0'],
  ];

  test('counts its retries from 0, and is due after its backoff', () => {
    expect(understand(...record)).toEqual({ attempt: 1, notBefore: NEW_YEAR_2026 });
    expect(understand(...change(record, ['GH_RetryAttempt', '4']))?.attempt).toBe(5);
  });

  test.each(['submitTimestamp', 'backOffTimeMs'])('has no due time without a good %s', (name) => {
    expect(understand(...change(record, [name, 'x']))).toEqual({ attempt: 1 });
  });

  test.each(['', '-1', 'x', '65535'])('is not known with attempt %j', (attempt) => {
    expect(understand(...change(record, ['GH_RetryAttempt', attempt]))).toBeNull();
  });
});

describe('a record of kafkajs-async-retry', () => {
  test.each([
    ['{"ttl":1767225600000,"top":"orders","att":3}', { attempt: 3, notBefore: NEW_YEAR_2026 }],
    ['{"ttl":1767225599999.5,"top":"orders","att":1}', { attempt: 1, notBefore: NEW_YEAR_2026 }],
    ['{"ttl":"soon","top":"orders","att":1}', { attempt: 1 }],
    ['{"ttl":1e99,"top":"orders","att":1}', { attempt: 1 }],
    ['{"top":"orders","att":1}', { attempt: 1 }],
    ['{"ttl":1,"top":"orders","att":0}', null],
    ['{"ttl":1,"top":"orders","att":1.5}', null],
    ['{"ttl":1,"top":"orders","att":"1"}', null],
    ['{"ttl":1,"top":"","att":1}', null],
    ['{"ttl":1,"top":5,"att":1}', null],
    ['[1,2]', null],
    ['null', null],
    ['{"ttl":', null],
    ['', null],
    ['[[[[', null],
  ])('says %j', (json, expected) => {
    expect(understand(['asyncRetry', json])).toEqual(expected);
  });
});

test('nesting without end is no detail of a retry', () => {
  expect(understand(['asyncRetry', '['.repeat(1_000_000)])).toBeNull();
  expect(understand(['asyncRetry', '['.repeat(100_000) + ']'.repeat(100_000)])).toBeNull();
});

test('no convention is seen in headers of an application', () => {
  expect(understand()).toBeNull();
  expect(understand(['traceparent', '00-1-1-01'], ['topic', 'orders'], ['retry', 'true'])).toBeNull();
});

test('what counts attempts is believed before what does not', () => {
  const connect: Written = [
    ['__connect.errors.topic', 'upstream'],
    ['__connect.errors.partition', '0'],
    ['__connect.errors.offset', '1'],
  ];
  expect(understand(...connect, ['retry_topic-attempts', 'hex:00000004'])).toEqual({ attempt: 3 });
});

/** One good record of each tool, to be spoilt. */
const GOOD: readonly Written[] = [
  ...['kafka_original-', 'kafka_dlt-original-'].map((prefix): Written => [
    ['retry_topic-attempts', INT_3],
    ['retry_topic-backoff-timestamp', LONG_TIME],
    [`${prefix}topic`, 'orders'],
    [`${prefix}partition`, INT_3],
    [`${prefix}offset`, LONG_OFFSET],
    [`${prefix}timestamp`, LONG_TIME],
    ['kafka_exception-fqcn', 'a.Failure'],
    ['kafka_dlt-exception-message', 'it failed'],
  ]),
  ...['__connect.errors.', '__streams.errors.', '__dlq.errors.'].map((prefix): Written => [
    [`${prefix}topic`, 'orders'],
    [`${prefix}partition`, '3'],
    [`${prefix}offset`, '4'],
    [`${prefix}message`, 'it failed'],
    [`${prefix}delivery.count`, '5'],
  ]),
  [
    ['x-retry-attempt', '2'],
    ['x-retry-max', '5'],
    ['x-retry-next-time', '1767225600'],
    ['x-retry-reason', 'failed'],
  ],
  [
    ['submitTimestamp', '1767225590000'],
    ['backOffTimeMs', '10000'],
    ['GH_RetryAttempt', '0'],
  ],
  [['asyncRetry', '{"ttl":1767225600000,"top":"orders","att":3}']],
];

const garbage = fc.oneof(
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  fc.oneof(fc.maxSafeInteger().map(String), fc.json(), fc.string()).map((text) => Buffer.from(text)),
  fc
    .record({ att: fc.integer(), top: fc.string(), ttl: fc.double() })
    .map((details) => Buffer.from(JSON.stringify(details))),
);

const spoilt = fc
  .constantFrom(...GOOD)
  .chain((good) =>
    fc.tuple(
      ...headersOf(good).map(([name, bytes]) =>
        fc
          .oneof({ weight: 4, arbitrary: fc.constant(bytes) }, { weight: 1, arbitrary: garbage })
          .map((value): Header => [name, value]),
      ),
    ),
  );

const anyHeaders = fc.array(spoilt, { minLength: 1, maxLength: 3 }).map((records) => records.flat());

test('whatever the bytes are, nothing throws, and what is understood can be kept', () => {
  const whole = (number: number, below: number): boolean =>
    Number.isInteger(number) && number >= 0 && number < below;
  fc.assert(
    fc.property(anyHeaders, (headers) => {
      const understood = understandForeign({ headers });
      if (understood === null) return;
      const { attempt, notBefore, origin, originTimestamp, errorClass, errorMessage } = understood;
      expect(attempt >= 1 && whole(attempt, 2 ** 16)).toBe(true);
      for (const time of [notBefore, originTimestamp]) expect(whole(time ?? 0, 2 ** 47)).toBe(true);
      for (const text of [errorClass, errorMessage]) expect(text).not.toBe('');
      if (origin === undefined) return;
      expect(origin.topic).toMatch(/^[\w.-]{1,249}$/);
      expect(whole(origin.partition, 2 ** 31) && whole(origin.offset, 2 ** 47)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
