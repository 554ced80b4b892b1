import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { readTraceContext } from '../../../src/domain/trace-context.ts';
import type { OutgoingHeader } from '../../../src/domain/record.ts';
import { createTracing, type Departing, type Tracing } from '../../../src/tracing/tracing.ts';

const NOW = 1_700_000_000_000;
const DAY = 86_400_000;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const PARENT: OutgoingHeader = ['traceparent', Buffer.from(`00-${TRACE}-${SPAN}-01`)];
const OURS: OutgoingHeader[] = [
  ['x-retry-origin-partition', '2'],
  ['x-retry-origin-offset', '41'],
  ['x-retry-attempt', '3'],
];
const about: Departing = { route: 'orders', heldMs: 5 * DAY, lateMs: 20, deadLetter: null, retryOffset: 7 };
const clock = { now: () => NOW };

const recordWith = (...headers: OutgoingHeader[]) => ({
  ...{ topic: 'orders', partition: 2, key: Buffer.from('secret-key'), value: Buffer.from('secret-value') },
  headers: [...headers, ...OURS],
});

afterEach(() => {
  trace.disable();
});

describe('without an SDK', () => {
  test('there is no tracing at all', () => {
    expect(createTracing('1.0.0', clock)).toBeNull();
  });
});

describe('with an SDK', () => {
  let exporter: InMemorySpanExporter;
  let tracing: Tracing;

  beforeEach(() => {
    exporter = new InMemorySpanExporter();
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    );
    tracing = createTracing('1.0.0', clock)!;
  });

  const spans = () =>
    Object.fromEntries(
      exporter.getFinishedSpans().map((span) => [
        span.name,
        {
          ...{
            id: span.spanContext().spanId,
            trace: span.spanContext().traceId,
            parent: span.parentSpanContext,
          },
          ...{ start: span.startTime[0] * 1_000, end: span.endTime[0] * 1_000 },
          ...{ attributes: span.attributes, status: span.status.code },
        },
      ]),
    );

  test('the way of a message goes on: hold below what it came with, redelivery below hold, and the record says so', () => {
    const record = recordWith(['a', '1'], PARENT);
    const departure = tracing.departure(record, about);
    const stamped = departure.stamp(record);
    departure.end({ kind: 'written', offset: 99 });

    const { 'hold orders': hold, 'redeliver orders': redeliver } = spans();
    expect(hold).toMatchObject({ trace: TRACE, parent: { spanId: SPAN } });
    expect(redeliver).toMatchObject({ trace: TRACE, parent: { spanId: hold!.id } });
    expect(stamped.headers).toEqual([
      ['a', '1'],
      ['traceparent', `00-${TRACE}-${redeliver!.id}-01`],
      ...OURS,
    ]);
    expect(redeliver!.attributes).toMatchObject({
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '2',
      'messaging.kafka.offset': 99,
      'retry_orchestrator.origin.offset': 41,
      'retry_orchestrator.attempt': 3,
    });
  });

  test('a hold of days began before this process did, and is told when it is over', () => {
    tracing.departure(recordWith(PARENT), about).end({ kind: 'written', offset: 1 });
    expect(spans()['hold orders']).toMatchObject({ start: NOW - 5 * DAY, end: NOW });
  });

  test('a record that is made again says the same', () => {
    const departure = tracing.departure(recordWith(PARENT), about);
    expect(departure.stamp(recordWith(PARENT))).toEqual(departure.stamp(recordWith(PARENT)));
  });

  test('a message without a trace begins one, in which both are', () => {
    const departure = tracing.departure(recordWith(), about);
    const stamped = departure.stamp(recordWith());
    departure.end({ kind: 'written', offset: 1 });
    const { 'hold orders': hold, 'redeliver orders': redeliver } = spans();
    expect(hold!.parent).toBeUndefined();
    expect(redeliver!.trace).toBe(hold!.trace);
    expect(stamped.headers.at(-1)).toEqual(['traceparent', `00-${hold!.trace}-${redeliver!.id}-01`]);
  });

  test('a dead letter keeps what the message came with, byte for byte', () => {
    const record = recordWith(PARENT);
    const departure = tracing.departure(record, { ...about, deadLetter: 'exhausted' });
    expect(departure.stamp(record)).toBe(record);
    departure.end({ kind: 'written', offset: 1 });
    expect(spans()['dead-letter orders']?.attributes).toMatchObject({
      'retry_orchestrator.dead_letter.reason': 'exhausted',
    });
  });

  test('what Kafka did not take is an error', () => {
    tracing.departure(recordWith(PARENT), about).end({ kind: 'unknown', error: new Error('secret-broker') });
    expect(spans()['redeliver orders']).toMatchObject({ status: 2 });
  });

  test('an outcome stands below the delivery that it is of', () => {
    const outcome = { route: 'orders', partition: 2, offset: 41, redelivered: true };
    const parent = readTraceContext(`00-${TRACE}-${SPAN}-01`, undefined)!;
    tracing.outcome(parent, { ...outcome, result: 'recorded', errorClass: 'TimeoutError' });
    expect(spans()['outcome orders']).toMatchObject({
      ...{ trace: TRACE, parent: { spanId: SPAN }, status: 2 },
      attributes: { 'retry_orchestrator.result': 'recorded', 'error.type': 'TimeoutError' },
    });
  });

  test('no key, payload or text of an error gets into a span', () => {
    tracing.departure(recordWith(PARENT), about).end({ kind: 'unknown', error: new Error('secret-broker') });
    const told = exporter.getFinishedSpans().map(({ name, attributes, status, events }) => ({
      ...{ name, attributes, status, events },
    }));
    expect(JSON.stringify(told)).not.toContain('secret');
  });
});
