import {
  type Attributes,
  type Context,
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { Clock } from '../clock.ts';
import {
  readTraceContext,
  TRACE_PARENT,
  TRACE_STATE,
  type TraceContext,
  withTraceContext,
} from '../domain/trace-context.ts';
import { HEADER } from '../domain/header-names.ts';
import type { OutgoingHeader } from '../domain/record.ts';
import type { OutgoingRecord, SendResult } from '../kafka/send.ts';

const NAME = 'retry-orchestrator';

/** A message that leaves the box. */
export interface Departing {
  readonly route: string;
  /** How long it was there, ms. */
  readonly heldMs: number;
  /** How long ago it was due, ms. */
  readonly lateMs: number;
  /** null: redelivered. */
  readonly deadLetter: string | null;
  readonly retryOffset: number;
}

/** Its way to Kafka. */
export interface Departure {
  /** The record as it is sent. A redelivery names its span as the one that it comes from. */
  stamp(record: OutgoingRecord): OutgoingRecord;
  end(result: SendResult): void;
}

/** What a handler made of a message. */
export interface TracedOutcome {
  readonly route: string;
  readonly partition: number;
  /** Of the origin. */
  readonly offset: number;
  readonly redelivered: boolean;
  /** What the service answered. */
  readonly result: string;
  /** null: it succeeded. */
  readonly errorClass: string | null;
}

/**
 * Spans of what happens to a message. Nothing is kept open while a message is held, for that may take days: a span of the
 * past is made when it is over.
 */
export class Tracing {
  readonly #tracer: Tracer;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(tracer: Tracer, clock: Pick<Clock, 'now'>) {
    this.#tracer = tracer;
    this.#clock = clock;
  }

  departure(record: OutgoingRecord, about: Departing): Departure {
    const held = this.#held(record, about);
    const { deadLetter, route, retryOffset } = about;
    const span = this.#tracer.startSpan(
      `${deadLetter === null ? 'redeliver' : 'dead-letter'} ${route}`,
      {
        kind: SpanKind.PRODUCER,
        attributes: {
          'messaging.system': 'kafka',
          'messaging.operation.name': 'send',
          'messaging.operation.type': 'send',
          'messaging.destination.name': record.topic,
          ...(record.partition === null
            ? {}
            : { 'messaging.destination.partition.id': String(record.partition) }),
          ...attributesOf(record, route, retryOffset),
          ...(deadLetter === null ? {} : { 'retry_orchestrator.dead_letter.reason': deadLetter }),
        },
      },
      trace.setSpan(ROOT_CONTEXT, held),
    );
    return {
      // A dead letter is where the way ends: it keeps what the message came with.
      stamp: (sent) =>
        deadLetter === null ? { ...sent, headers: withTraceContext(sent.headers, contextOf(span)) } : sent,
      end: (result) => {
        endWith(span, result);
      },
    };
  }

  outcome(parent: TraceContext, about: TracedOutcome): void {
    const { route, partition, offset, redelivered, result, errorClass } = about;
    const attributes = {
      'retry_orchestrator.route': route,
      'retry_orchestrator.origin.partition': partition,
      'retry_orchestrator.origin.offset': offset,
      'retry_orchestrator.redelivered': redelivered,
      'retry_orchestrator.result': result,
      ...(errorClass === null ? {} : { 'error.type': errorClass }),
    };
    const span = this.#tracer.startSpan(`outcome ${route}`, { attributes }, remote(parent));
    if (errorClass !== null) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }

  /** It is over: from when the message came into the box until now. */
  #held(record: OutgoingRecord, { route, heldMs, lateMs, retryOffset }: Departing): Span {
    const now = this.#clock.now();
    const parent = readTraceContext(
      lastOf(record.headers, TRACE_PARENT),
      lastOf(record.headers, TRACE_STATE),
    );
    const span = this.#tracer.startSpan(
      `hold ${route}`,
      {
        // A number would be taken for one of `performance.now()` where it is before the start of the process.
        startTime: new Date(now - Math.max(0, heldMs)),
        attributes: attributesOf(record, route, retryOffset),
      },
      parent === null ? ROOT_CONTEXT : remote(parent),
    );
    span.addEvent('due', new Date(now - Math.max(0, Math.min(lateMs, heldMs))));
    span.end(new Date(now));
    return span;
  }
}

/** Null, and nothing is done or changed anywhere, unless an SDK was loaded before (`NODE_OPTIONS=--import`). */
export function createTracing(version: string, clock: Pick<Clock, 'now'>): Tracing | null {
  const tracer = trace.getTracer(NAME, version);
  // Only an SDK gives a span of its own an id. It is never ended, and so never exported.
  const probe = tracer.startSpan('probe', { root: true });
  return isSpanContextValid(probe.spanContext()) ? new Tracing(tracer, clock) : null;
}

function attributesOf({ headers }: OutgoingRecord, route: string, retryOffset: number): Attributes {
  return {
    'retry_orchestrator.route': route,
    'retry_orchestrator.retry.offset': retryOffset,
    'retry_orchestrator.origin.partition': Number(lastOf(headers, HEADER.originPartition)),
    'retry_orchestrator.origin.offset': Number(lastOf(headers, HEADER.originOffset)),
    'retry_orchestrator.attempt': Number(lastOf(headers, HEADER.attempt)),
  };
}

function lastOf(headers: readonly OutgoingHeader[], name: string): string | undefined {
  return headers.findLast(([each]) => each === name)?.[1].toString();
}

function remote({ traceId, spanId, flags, state }: TraceContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...{ traceId, spanId, traceFlags: flags, isRemote: true },
    ...(state === '' ? {} : { traceState: createTraceState(state) }),
  });
}

function contextOf(span: Span): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  return { traceId, spanId, flags: traceFlags, state: traceState?.serialize() ?? '' };
}

function endWith(span: Span, result: SendResult): void {
  if (result.kind === 'written') span.setAttribute('messaging.kafka.offset', result.offset);
  else span.setStatus({ code: SpanStatusCode.ERROR, message: result.kind });
  span.end();
}
