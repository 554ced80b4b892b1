import { expect, test } from '@jest/globals';
import { EventFeed } from '../../../src/events/event-feed.ts';
import { eventOf } from '../../../src/events/lifecycle-event.ts';
import { ownPlace } from '../../../src/domain/place.ts';
import { keyUnit, originUnit } from '../../../src/domain/unit.ts';
import type { OutgoingRecord, RecordSource, SendResult } from '../../../src/kafka/send.ts';
import { createLogger } from '../../../src/logger.ts';
import type { Told } from '../../../src/penalty-box/scripts.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const ROUTE = { name: 'orders', topic: 'main' };

/** A feed whose producer is in the test's hand. */
function aFeed(environment: string | null = null) {
  const sent: { record: OutgoingRecord; settle: (result: SendResult) => void }[] = [];
  const ends: string[] = [];
  const lines: unknown[] = [];
  const producer = {
    inFlight: 0,
    send: (_place: unknown, record: RecordSource, settle: (result: SendResult) => void) => {
      sent.push({ record: record(), settle });
    },
  };
  const feed = new EventFeed({
    topic: 'events',
    config: { environment, kafka: { groupPrefix: 'retry orchestrator' } } as never,
    producer,
    nonce: 'n',
    onEnd: (_route, end) => ends.push(end),
    clock: new FakeClock(),
    logger: createLogger('info', {
      write: (line) => void lines.push((JSON.parse(line) as { event: string }).event),
    }),
  });
  return { feed, producer, sent, ends, lines };
}

const told = (kind: Told['kind'], more: Partial<Told> = {}): Told => ({
  kind,
  unit: keyUnit(Buffer.from('a')),
  place: null,
  attempt: 0,
  detail: '',
  ...more,
});

test('an event is a CloudEvent under the key of its message', () => {
  const { feed, sent } = aFeed('staging');
  feed.publish(eventOf(told('failed', { place: ownPlace(5), attempt: 2, detail: 'Late' }), ROUTE, 3));
  const { record } = sent[0]!;
  expect(record).toMatchObject({ topic: 'events', partition: null, key: Buffer.from('a') });
  expect(record.headers).toEqual([['content-type', 'application/cloudevents+json; charset=UTF-8']]);
  expect(JSON.parse(record.value!.toString())).toEqual({
    specversion: '1.0',
    id: 'n-1',
    source: '/retry-orchestrator/retry%20orchestrator/routes/orders',
    type: 'retry-orchestrator.retried',
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    environment: 'staging',
    data: {
      route: 'orders',
      partition: 3,
      key: 'a',
      origin: { topic: 'main', partition: 3, offset: 5 },
      attempt: 2,
      result: 'failed',
      errorClass: 'Late',
    },
  });
});

test.each([
  [
    told('locked', { place: ownPlace(5) }),
    { type: 'locked', origin: { topic: 'main', partition: 3, offset: 5 } },
  ],
  [told('locked', { place: Buffer.alloc(16) }), { type: 'locked', origin: null }],
  [told('unlocked', { detail: 'succeeded' }), { type: 'unlocked', reason: 'succeeded' }],
  [told('parked', { detail: 'operator' }), { type: 'parked', reason: 'operator' }],
  [told('unparked'), { type: 'unparked' }],
  [told('succeeded', { attempt: 3 }), { type: 'retried', result: 'succeeded', attempt: 3 }],
  [told('failed', { attempt: 3 }), { type: 'retried', result: 'failed', attempt: 3 }],
  [told('redriven', { detail: 'job/0/7' }), { type: 'redriven', redrive: 'job/0/7' }],
  [told('locked', { unit: originUnit(7) }), { type: 'locked', key: null }],
])('%#: what the box tells becomes an event', (given, expected) => {
  expect(eventOf(given, ROUTE, 3)).toMatchObject(expected);
});

test('a key that is no text is told in base64', () => {
  const { feed, sent } = aFeed();
  feed.publish(eventOf(told('unparked', { unit: keyUnit(Buffer.from([0xff])) }), ROUTE, 3));
  expect(JSON.parse(sent[0]!.record.value!.toString())).toMatchObject({ data: { keyBase64: '/w==' } });
});

test('what Kafka does not take is dropped, counted, and told once', () => {
  const { feed, producer, sent, ends, lines } = aFeed();
  producer.inFlight = 10_000;
  feed.publish(eventOf(told('locked'), ROUTE, 3));
  expect([sent.length, ends]).toEqual([0, ['dropped']]);
  producer.inFlight = 9_999;
  feed.publish(eventOf(told('locked'), ROUTE, 3));
  sent[0]!.settle({ kind: 'unknown', error: new Error('timed out') });
  feed.publish(eventOf(told('locked'), ROUTE, 3));
  sent[1]!.settle({ kind: 'written', offset: 1 });
  expect(ends).toEqual(['dropped', 'dropped', 'written']);
  expect(lines).toEqual(['events_dropped', 'events_go_on']);
});
