import type { GateRecord, HeaderList, HeaderMap, RecordHeaders } from './record.ts';

const PREFIX = 'x-retry-';
const DELIVERY = 'x-retry-delivery';
const ORIGIN_TIMESTAMP = 'x-retry-origin-timestamp';
const VALUE = 'x-retry-value';
/** Characters; one has 55. */
const TRACE_PARENT_LIMIT = 256;

/** What the headers of a redelivered record say. */
export interface Delivery {
  token: string;
  route: string | undefined;
  originTopic: string | undefined;
  originPartition: number | undefined;
  originOffset: number | undefined;
  attempt: number;
}

function isList(headers: RecordHeaders): headers is HeaderList {
  return Array.isArray(headers);
}

/** Whether the record is a redelivery. Runs for every record, so it allocates nothing. */
export function hasDelivery(headers: RecordHeaders | null | undefined): boolean {
  if (headers === null || headers === undefined) return false;
  if (!isList(headers)) return headers[DELIVERY] !== undefined;
  for (const header of headers) if (header[DELIVERY] !== undefined) return true;
  return false;
}

/** Reads the retry headers of a redelivered record; `undefined` for a fresh one. */
export function readDelivery(headers: RecordHeaders | null | undefined): Delivery | undefined {
  if (headers === null || headers === undefined || !hasDelivery(headers)) return undefined;
  return {
    token: lastValue(headers, DELIVERY) ?? '',
    route: lastValue(headers, 'x-retry-route'),
    originTopic: lastValue(headers, 'x-retry-origin-topic'),
    originPartition: natural(lastValue(headers, 'x-retry-origin-partition')),
    originOffset: natural(lastValue(headers, 'x-retry-origin-offset')),
    attempt: natural(lastValue(headers, 'x-retry-attempt')) ?? 1,
  };
}

/** Where in a trace the record says that it is; `undefined` where it says nothing that could be. */
export function traceParentOf(headers: RecordHeaders | null | undefined): string | undefined {
  const value = headers === null || headers === undefined ? undefined : lastValue(headers, 'traceparent');
  return value === undefined || value.length > TRACE_PARENT_LIMIT ? undefined : value;
}

/**
 * The headers of a record on its way to the retry topic: its own without `x-retry-*`, untouched and in the shape they
 * came in, then the given ones. Those of an earlier round would pile up until the record is too large.
 */
export function retryHeaders(record: GateRecord, given: Readonly<Record<string, string>>): RecordHeaders {
  const added: Record<string, string> = { ...given };
  const timestamp = Number(record.timestamp === '' ? NaN : (record.timestamp ?? NaN));
  if (Number.isFinite(timestamp) && timestamp >= 0) added[ORIGIN_TIMESTAMP] = String(timestamp);
  return addHeaders(stripRetryHeaders(record.headers ?? []), added);
}

/** Says that the value has to be read at the origin, because the record did not fit with it. */
export function valueAtOrigin(headers: RecordHeaders): RecordHeaders {
  return addHeaders(headers, { [VALUE]: 'origin' });
}

/** Headers as a list, whichever shape they came in. */
export function headerList(headers: RecordHeaders): HeaderList {
  if (isList(headers)) return headers;
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return Array.isArray(value)
      ? (value as readonly (Buffer | string)[]).map((one) => ({ [name]: one }))
      : [{ [name]: value as Buffer | string }];
  });
}

/** Headers as a map. The order across names is lost, which is why a list is never turned into one unasked. */
export function headerMap(headers: RecordHeaders): Record<string, Buffer | string | (Buffer | string)[]> {
  const values = new Map<string, (Buffer | string)[]>();
  for (const [name, value] of headerList(headers).flatMap((header) => Object.entries(header))) {
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return Object.fromEntries(
    [...values].map(([name, all]) => [name, all.length === 1 ? (all[0] ?? '') : all]),
  );
}

function stripRetryHeaders(headers: RecordHeaders): RecordHeaders {
  const kept = (name: string | undefined): boolean => name?.startsWith(PREFIX) !== true;
  if (isList(headers)) return headers.filter((header) => kept(Object.keys(header)[0]));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => kept(name)));
}

function addHeaders(headers: RecordHeaders, added: Readonly<Record<string, string>>): RecordHeaders {
  const bytes = Object.entries(added).map(([name, value]) => [name, Buffer.from(value, 'utf8')] as const);
  if (isList(headers)) return [...headers, ...bytes.map(([name, value]) => ({ [name]: value }))];
  const map: HeaderMap = { ...headers, ...Object.fromEntries(bytes) };
  return map;
}

/** Of a repeated header the last one counts: whoever forwards a record appends. */
function lastValue(headers: RecordHeaders, name: string): string | undefined {
  const value = isList(headers)
    ? headers.findLast((header) => header[name] !== undefined)?.[name]
    : headers[name];
  const one = Array.isArray(value) ? (value as readonly (Buffer | string)[]).at(-1) : value;
  if (one === undefined) return undefined;
  return typeof one === 'string' ? one : (one as Buffer).toString('utf8');
}

function natural(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}
