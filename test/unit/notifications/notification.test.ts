import { describe, expect, test } from '@jest/globals';
import { Digest } from '../../../src/notifications/digest.ts';
import { notification } from '../../../src/notifications/notification.ts';
import type { Wording } from '../../../src/notifications/notification.ts';

const AT = Date.parse('2026-01-02T03:04:05Z');

function digest(): Digest {
  const all = new Digest();
  const origin = { topic: 'orders', partition: 1, offset: 42 };
  const key = Buffer.from('order 1');
  all.add({ origin, key, attempt: 7, reason: 'exhausted', errorClass: 'Timeout<T>', parks: true, at: AT });
  all.add({
    ...{ origin: { ...origin, offset: 43 }, key: null, attempt: 1, reason: 'fatal' },
    ...{ errorClass: '', parks: false, at: AT + 1_000 },
  });
  return all;
}

const QUIET: Wording = { format: 'json', keys: false, link: null, environment: null };
const LINK = 'https://retries/v1/routes/{route}/locks/{key}?at={partition}/{offset}';

describe('json', () => {
  test('has counts and examples, without payloads and, unless wished for, without keys', () => {
    expect(notification('orders', digest(), QUIET)).toEqual({
      route: 'orders',
      from: '2026-01-02T03:04:05.000Z',
      to: '2026-01-02T03:04:06.000Z',
      failed: 2,
      parkedKeys: 1,
      reasons: { exhausted: 1, fatal: 1 },
      errors: { 'Timeout<T>': 1, '(none)': 1 },
      examples: [
        {
          origin: { topic: 'orders', partition: 1, offset: 42 },
          attempt: 7,
          reason: 'exhausted',
          errorClass: 'Timeout<T>',
          at: '2026-01-02T03:04:05.000Z',
        },
        {
          origin: { topic: 'orders', partition: 1, offset: 43 },
          attempt: 1,
          reason: 'fatal',
          at: '2026-01-02T03:04:06.000Z',
        },
      ],
    });
  });

  test('has keys and links where they are wished for', () => {
    const wording = { ...QUIET, keys: true, link: LINK, environment: 'staging' };
    expect(notification('orders', digest(), wording)).toMatchObject({
      environment: 'staging',
      examples: [
        { key: 'order 1', link: 'https://retries/v1/routes/orders/locks/order%201?at=1/42' },
        expect.not.objectContaining({ link: expect.anything() }),
      ],
    });
  });
});

test('slack has a text whose words can not be taken for markup', () => {
  const wording = { ...QUIET, format: 'slack', link: 'https://x/{offset}', environment: 'staging' } as const;
  expect(notification('orders', digest(), wording)).toEqual({
    text: [
      '2 messages of orders (staging) failed for good, and 1 key parked for them',
      'Reasons: exhausted 1, fatal 1',
      'Errors: Timeout&lt;T&gt; 1, (none) 1',
      '• <https://x/42|orders 1/42>: exhausted after 7 attempts, Timeout&lt;T&gt;',
      '• <https://x/43|orders 1/43>: fatal after 1 attempt',
    ].join('\n'),
  });
});

test('teams has an adaptive card', () => {
  const body = notification('orders', digest(), { ...QUIET, format: 'teams' }) as {
    attachments: { contentType: string; content: { body: { text: string }[] } }[];
  };
  const [attachment] = body.attachments;
  expect(attachment?.contentType).toBe('application/vnd.microsoft.card.adaptive');
  expect(attachment?.content.body.map(({ text }) => text)).toEqual([
    '2 messages of orders failed for good, and 1 key parked for them',
    'Reasons: exhausted 1, fatal 1',
    'Errors: Timeout\\<T\\> 1, \\(none\\) 1',
    '• orders 1/42: exhausted after 7 attempts, Timeout\\<T\\>',
    '• orders 1/43: fatal after 1 attempt',
  ]);
});

test('a digest does not grow with the names of errors', () => {
  const all = new Digest();
  for (let i = 0; i < 1_000; i++) {
    const origin = { topic: 'orders', partition: 0, offset: i };
    const errorClass = `Error${String(i)}`;
    all.add({ origin, key: null, attempt: 1, reason: 'fatal', errorClass, parks: false, at: AT });
  }
  expect(all.errors.size).toBe(21);
  expect(all.errors.get('(others)')).toBe(980);
  expect(all.examples).toHaveLength(5);
  const later = new Digest();
  later.append(all);
  expect([later.failed, later.errors.size, later.examples.length]).toEqual([1_000, 21, 5]);
});
