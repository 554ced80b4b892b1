import { describe, expect, test } from '@jest/globals';
import {
  readTraceContext,
  traceContextOf,
  traceParent,
  withTraceContext,
} from '../../../src/domain/trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const OTHER = '00f067aa0ba902b7';
const bytes = (text: string): Buffer => Buffer.from(text);

describe('reading traceparent', () => {
  test('what it says, with the tracestate beside it', () => {
    expect(readTraceContext(`00-${TRACE}-${SPAN}-01`, 'a=1')).toEqual({
      ...{ traceId: TRACE, spanId: SPAN, flags: 1, state: 'a=1' },
    });
  });

  test.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['the version that is none', `ff-${TRACE}-${SPAN}-01`],
    ['more than its version has', `00-${TRACE}-${SPAN}-01-more`],
    ['something else', 'x'.repeat(10_000)],
  ])('%s is none', (_, text) => {
    expect(readTraceContext(text, 'a=1')).toBeNull();
  });

  test('a later version is read as far as it is known', () => {
    expect(readTraceContext(`cc-${TRACE}-${SPAN}-00-more`, undefined)).toMatchObject({ flags: 0, state: '' });
  });

  test('of a header that is there twice the last one counts', () => {
    const headers = [
      ['traceparent', bytes(`00-${TRACE}-${SPAN}-01`)],
      ['traceparent', bytes(`00-${TRACE}-${OTHER}-01`)],
    ] as const;
    expect(traceContextOf(headers)?.spanId).toBe(OTHER);
  });
});

describe('writing it into headers', () => {
  const next = { traceId: TRACE, spanId: OTHER, flags: 1, state: '' };

  test('it replaces the one that is there, where it is; all others stay as they are', () => {
    const a = ['a', bytes('\xff')] as const;
    const b = ['b', bytes('2')] as const;
    const headers = withTraceContext([a, ['traceparent', bytes(`00-${TRACE}-${SPAN}-01`)], b, a], next);
    expect(headers).toEqual([a, ['traceparent', traceParent(next)], b, a]);
    expect(headers[0]).toBe(a);
  });

  test('without one it comes at the end', () => {
    expect(withTraceContext([['a', '1']], next)).toEqual([
      ['a', '1'],
      ['traceparent', `00-${TRACE}-${OTHER}-01`],
    ]);
  });

  test('tracestate stays untouched where it says the same, and goes where there is none', () => {
    const state = ['tracestate', bytes('a=1')] as const;
    expect(withTraceContext([state], { ...next, state: 'a=1' })[0]).toBe(state);
    expect(withTraceContext([state], { ...next, state: 'b=2' })[0]).toEqual(['tracestate', 'b=2']);
    expect(withTraceContext([state], next).map(([name]) => name)).toEqual(['traceparent']);
    expect(withTraceContext([], { ...next, state: 'b=2' })).toContainEqual(['tracestate', 'b=2']);
  });
});
