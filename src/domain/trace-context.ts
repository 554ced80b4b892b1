import type { Header, OutgoingHeader } from './record.ts';
import { headerText } from './record.ts';

/** Where in a trace a message is. https://www.w3.org/TR/trace-context/ */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** The lowest bit says that the trace is recorded. */
  readonly flags: number;
  /** As `tracestate` has it, '' = nothing. */
  readonly state: string;
}

export const TRACE_PARENT = 'traceparent';
export const TRACE_STATE = 'tracestate';

/** Later versions may be longer; what this version has stands at the beginning of each. */
const FORMAT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NOTHING = /^0+$/;

/** Null where it is not one: a trace begins anew then. */
export function readTraceContext(parent: string | undefined, state: string | undefined): TraceContext | null {
  const [, version, traceId = '', spanId = '', flags = '', more] = FORMAT.exec(parent?.trim() ?? '') ?? [];
  if (version === undefined || version === 'ff' || NOTHING.test(traceId) || NOTHING.test(spanId)) return null;
  if (version === '00' && more !== undefined) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16), state: state ?? '' };
}

/** Of a message, by its headers. */
export function traceContextOf(headers: readonly Header[]): TraceContext | null {
  return readTraceContext(headerText(headers, TRACE_PARENT), headerText(headers, TRACE_STATE));
}

export function traceParent({ traceId, spanId, flags }: Omit<TraceContext, 'state'>): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}

/**
 * The headers with this place in a trace. What stands there already is replaced where it stands; all other headers stay as
 * they are. `tracestate` stays untouched where it says the same.
 */
export function withTraceContext(
  headers: readonly OutgoingHeader[],
  context: TraceContext,
): readonly OutgoingHeader[] {
  const parent = traceParent(context);
  const { state } = context;
  const told: OutgoingHeader[] = [];
  const missing = new Map([[TRACE_PARENT, parent], ...(state === '' ? [] : [[TRACE_STATE, state] as const])]);
  for (const header of headers) {
    const [name, value] = header;
    missing.delete(name);
    if (name === TRACE_PARENT) told.push([name, parent]);
    else if (name !== TRACE_STATE || String(value) === state) told.push(header);
    else if (state !== '') told.push([name, state]);
  }
  return [...told, ...missing];
}
