import { HEADER } from '../domain/header-names.ts';
import type { KafkaRecord, OutgoingHeader } from '../domain/record.ts';

/** What became of a dead letter. */
export type Settlement = 'redriven' | 'dismissed' | 'superseded';

/** First and last offset, both included. */
export type OffsetRange = readonly [from: number, to: number];

/**
 * A record of the dead-letter topic that is about others of its partition: what became of them. It has no key, and the
 * header `x-retry-journal`. It lives as long as what it speaks of, so an index that was lost is made again from the topic.
 */
export interface Marker {
  readonly settled: Settlement;
  /** Of the job or request. */
  readonly by: string;
  /** Epoch ms. */
  readonly at: number;
  readonly offsets: readonly OffsetRange[];
}

const SETTLEMENTS = new Set<unknown>(['redriven', 'dismissed', 'superseded'] satisfies Settlement[]);
const NUMBER_LIMIT = 2 ** 47;
/** Nobody of us writes more of `by`. */
const BY_LIMIT = 256;

export const MARKER_HEADERS: readonly OutgoingHeader[] = [[HEADER.journal, 'dead-letters']];

export function encodeMarker({ settled, by, at, offsets }: Marker): Buffer {
  return Buffer.from(JSON.stringify({ v: 1, settled, by, at, offsets }), 'utf8');
}

/** It is about other records, and no dead letter itself, even if it can't be read. */
export function isMarker({ key, headers }: Pick<KafkaRecord, 'key' | 'headers'>): boolean {
  return key === null && headers.some(([name]) => name === HEADER.journal);
}

/** Null: it can't be read. What it says of offsets at or behind its own is left out. Never throws. */
export function readMarker({ value, offset }: Pick<KafkaRecord, 'value' | 'offset'>): Marker | null {
  const written = parsed(value);
  if (written === null) return null;
  const { v, settled, by, at, offsets } = written;
  if (v !== 1 || !SETTLEMENTS.has(settled) || typeof by !== 'string' || !isNumber(at)) return null;
  if (!Array.isArray(offsets)) return null;
  const ranges: OffsetRange[] = [];
  for (const range of offsets as unknown[]) {
    if (!Array.isArray(range) || range.length !== 2) return null;
    const [from, to] = range as unknown[];
    if (!isNumber(from) || !isNumber(to) || from > to) return null;
    if (from < offset) ranges.push([from, Math.min(to, offset - 1)]);
  }
  return { settled: settled as Settlement, by: by.slice(0, BY_LIMIT), at, offsets: ranges };
}

/** The same offsets as few ranges, in order. */
export function rangesOf(offsets: Iterable<number>): OffsetRange[] {
  const ranges: [number, number][] = [];
  for (const offset of [...new Set(offsets)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === offset - 1) last[1] = offset;
    else ranges.push([offset, offset]);
  }
  return ranges;
}

function parsed(value: Buffer | null): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(value?.toString('utf8') ?? '');
    return typeof json === 'object' && json !== null ? { ...json } : null;
  } catch {
    return null;
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < NUMBER_LIMIT;
}
