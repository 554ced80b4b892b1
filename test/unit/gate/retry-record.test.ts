import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { headerList, headerMap, readDelivery } from '../../../src/gate/headers.ts';
import { buildRetryRecord, isTooLarge, sizeOf } from '../../../src/gate/retry-record.ts';
import type { HeaderList } from '../../../src/gate/record.ts';
import { record } from './support/gate-harness.ts';

const given = { 'x-retry-route': 'orders', 'x-retry-error-message': 'Zu groß' };
const names = fc.constantFrom('trace', 'Trace', '', 'x-retry', 'X-Retry-Route', 'tenant', 'a b');
const own = fc.constantFrom('x-retry-route', 'x-retry-attempt', 'x-retry-delivery', 'x-retry-anything');
const value = fc.uint8Array({ maxLength: 8 }).map((array) => Buffer.from(array));
const header = (name: fc.Arbitrary<string>): fc.Arbitrary<Record<string, Buffer>> =>
  fc.tuple(name, value).map(([one, bytes]) => ({ [one]: bytes }));

describe('the record for the retry topic', () => {
  it('keeps the application’s headers: bytes, order and repetitions; and none of its own from before', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(header(names), header(own))), (headers) => {
        const built = buildRetryRecord(record(1, 'k', { headers }), given, true).headers as HeaderList;
        const application = headers.filter((one) => !Object.keys(one)[0]!.startsWith('x-retry-'));
        expect(built.slice(0, application.length)).toEqual(application);
        expect(headerMap(built.slice(application.length))).toEqual({
          'x-retry-route': Buffer.from('orders'),
          'x-retry-error-message': Buffer.from('Zu groß'),
          'x-retry-origin-timestamp': Buffer.from('1700000000001'),
        });
      }),
    );
  });

  it('keeps the shape of the KafkaJS API, arrays included', () => {
    const headers = {
      trace: [Buffer.from('1'), Buffer.from('2')],
      'x-retry-delivery': Buffer.from('t'),
      one: Buffer.from('x'),
    };
    const built = buildRetryRecord(
      record(1, 'k', { headers, timestamp: '' }),
      { 'x-retry-claim': '7' },
      true,
    );
    expect(built.headers).toEqual({
      trace: headers.trace,
      one: headers.one,
      'x-retry-claim': Buffer.from('7'),
    });
    expect(headerList(built.headers)).toHaveLength(4);
  });

  it('leaves the given record as it was', () => {
    const headers = Object.freeze([Object.freeze({ a: Buffer.from('1') })]);
    const original = Object.freeze(record(1, 'k', { headers }));
    buildRetryRecord(original, given, true);
    expect(original.headers).toBe(headers);
  });

  it('keeps empty keys and values empty: with memory behind them, or the client sends null', () => {
    const built = buildRetryRecord(record(1, Buffer.alloc(0), { value: Buffer.alloc(0) }), given, true);
    for (const bytes of [built.key, built.value]) {
      expect(bytes).toHaveLength(0);
      expect(bytes?.buffer.byteLength).toBeGreaterThan(0);
    }
  });

  it('keeps null keys and null values null', () => {
    const built = buildRetryRecord(record(1, null, { value: null }), given, false);
    expect([built.key, built.value]).toEqual([null, null]);
    expect(headerMap(built.headers)['x-retry-value']).toBeUndefined();
  });

  it('says where the value is when it goes without it', () => {
    const built = buildRetryRecord(record(1), given, false);
    expect(built.value).toBeNull();
    expect(headerMap(built.headers)['x-retry-value']).toEqual(Buffer.from('origin'));
  });

  it('counts at least every byte that travels', () => {
    const one = buildRetryRecord(record(1, 'key', { headers: [{ é: Buffer.alloc(10) }] }), {}, true);
    expect(sizeOf(one)).toBeGreaterThan(3 + 2 + 2 + 10 + 24 + 13);
  });
});

describe('too large, as the clients say it', () => {
  it.each([
    [Object.assign(new Error('x'), { code: 10 }), true],
    [Object.assign(new Error('x'), { code: 'MSG_SIZE_TOO_LARGE' }), true],
    [Object.assign(new Error('x'), { type: 'MESSAGE_TOO_LARGE' }), true],
    [new Error('x', { cause: { errno: 10 } }), true],
    [Object.assign(new Error('x'), { code: -184 }), false],
    ['10', false],
    [null, false],
  ])('%p: %p', (error, expected) => {
    expect(isTooLarge(error)).toBe(expected);
  });
});

describe('the headers of a redelivered record', () => {
  const all = [
    { 'x-retry-delivery': Buffer.from('old') },
    { 'x-retry-origin-offset': '17' },
    { 'x-retry-attempt': 'many' },
    { 'x-retry-delivery': Buffer.from('token') },
  ];
  it('are read from both shapes; of a repeated one the last counts, senseless numbers do not', () => {
    const expected = { token: 'token', originOffset: 17, attempt: 1, route: undefined };
    expect(readDelivery(all)).toMatchObject(expected);
    expect(readDelivery(headerMap(all))).toMatchObject(expected);
  });

  it.each([undefined, null, [], {}, [{ 'x-retry-attempt': '2' }]])('%p is fresh', (headers) => {
    expect(readDelivery(headers)).toBeUndefined();
  });
});
