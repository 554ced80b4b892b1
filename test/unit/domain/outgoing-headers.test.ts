import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  announcementHeaders,
  applicationHeaders,
  deadLetterHeaders,
  placeHeaders,
  redeliveryHeaders,
} from '../../../src/domain/outgoing-headers.ts';
import type { Header, OutgoingHeader } from '../../../src/domain/record.ts';

const origin = { topic: 'orders', partition: 2, offset: 41 };
const departure = {
  place: placeHeaders('orders', origin),
  originOffset: origin.offset,
  originTimestamp: 1_700_000_000_000,
  applicationHeaders: [],
  redrive: '',
};
const announcement = {
  route: 'orders',
  origin,
  attempt: 1,
  errorClass: 'Timeout',
  errorMessage: 'no answer',
  fatal: false,
  claim: '17',
  notBefore: 0,
};

describe('the headers of an announcement', () => {
  test('a first failure', () => {
    expect(announcementHeaders(announcement)).toEqual({
      'x-retry-route': 'orders',
      'x-retry-origin-topic': 'orders',
      'x-retry-origin-partition': '2',
      'x-retry-origin-offset': '41',
      'x-retry-attempt': '1',
      'x-retry-reason': 'failed',
      'x-retry-claim': '17',
      'x-retry-error-class': 'Timeout',
      'x-retry-error-message': 'no answer',
    });
  });

  test('a follower has made no attempt and has no error', () => {
    const headers = announcementHeaders({ ...announcement, attempt: 0 });
    expect(headers).toMatchObject({ 'x-retry-attempt': '0', 'x-retry-reason': 'behind' });
    expect(Object.keys(headers).filter((name) => name.includes('error'))).toEqual([]);
  });

  test('what the handler asked for', () => {
    expect(announcementHeaders({ ...announcement, fatal: true, notBefore: 1_234 })).toMatchObject({
      'x-retry-fatal': 'true',
      'x-retry-not-before': '1234',
    });
  });

  test('errors are cut to what a header may hold', () => {
    const headers = announcementHeaders({
      ...announcement,
      errorClass: 'é'.repeat(1_000),
      errorMessage: 'é'.repeat(1_000),
    });
    expect(Buffer.byteLength(headers['x-retry-error-class'] ?? '')).toBe(256);
    expect(Buffer.byteLength(headers['x-retry-error-message'] ?? '')).toBe(1_024);
  });
});

describe('the headers of a redelivery', () => {
  test('who it is, which attempt this is, and its token', () => {
    expect(asText(redeliveryHeaders(departure, 2, 'token'))).toEqual([
      ['x-retry-route', 'orders'],
      ['x-retry-origin-topic', 'orders'],
      ['x-retry-origin-partition', '2'],
      ['x-retry-origin-offset', '41'],
      ['x-retry-origin-timestamp', '1700000000000'],
      ['x-retry-attempt', '2'],
      ['x-retry-delivery', 'token'],
    ]);
  });

  test('an unknown original timestamp is left out', () => {
    const headers = redeliveryHeaders({ ...departure, originTimestamp: null }, 2, 'token');
    expect(asText(headers).map(([name]) => name)).not.toContain('x-retry-origin-timestamp');
  });
});

describe('the headers of a dead letter', () => {
  const facts = {
    attempt: 3,
    reason: 'exhausted',
    firstFailedAt: 1_000,
    deadLetteredAt: 5_000,
    errorClass: 'Timeout',
    errorMessage: 'no answer',
  } as const;

  test('why, since when, and the last error', () => {
    const headers = Object.fromEntries(asText(deadLetterHeaders(departure, facts)));
    expect(headers).toMatchObject({
      'x-retry-attempt': '3',
      'x-retry-reason': 'failed',
      'x-retry-error-class': 'Timeout',
      'x-retry-error-message': 'no answer',
      'x-retry-dead-letter-reason': 'exhausted',
      'x-retry-first-failed-at': '1000',
      'x-retry-dead-lettered-at': '5000',
    });
  });

  test('by which redrive it came, lest it looks like a second copy of the dead letter before', () => {
    const again = asText(deadLetterHeaders({ ...departure, redrive: 'job/0/17' }, facts));
    expect(again).toContainEqual(['x-retry-redrive', 'job/0/17']);
    expect(asText(deadLetterHeaders(departure, facts)).map(([name]) => name)).not.toContain(
      'x-retry-redrive',
    );
  });

  test('a message that never failed, as one that an operator gave up', () => {
    const never = { ...facts, attempt: 0, firstFailedAt: 0, errorClass: '', errorMessage: '' };
    const headers = Object.fromEntries(
      asText(deadLetterHeaders(departure, { ...never, reason: 'operator' })),
    );
    expect(headers).toMatchObject({ 'x-retry-reason': 'behind', 'x-retry-first-failed-at': '5000' });
    expect(headers).not.toHaveProperty('x-retry-error-class');
  });
});

test("the application's own headers travel first and untouched: bytes, order and repetitions", () => {
  const names = fc.oneof(fc.constantFrom('a', 'trace', 'x-retry', 'X-Retry-Route'), fc.string());
  const values = fc.uint8Array().map((bytes) => Buffer.from(bytes));
  const headers = fc.array(fc.tuple(names, values).filter(([name]) => !name.startsWith('x-retry-')));
  fc.assert(
    fc.property(headers, (own) => {
      const sent = redeliveryHeaders({ ...departure, applicationHeaders: own }, 1, 't');
      expect(sent.slice(0, own.length)).toEqual(own);
      // When it fails and is read again, nothing of ours has piled up.
      const read = sent.map(([name, value]): Header => [
        name,
        Buffer.isBuffer(value) ? value : Buffer.from(value),
      ]);
      expect(applicationHeaders(read)).toEqual(own);
    }),
  );
});

function asText(headers: readonly OutgoingHeader[]): [string, string][] {
  return headers.map(([name, value]) => [name, value.toString()]);
}
