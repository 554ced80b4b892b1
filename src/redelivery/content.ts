import { applicationHeaders } from '../domain/outgoing-headers.ts';
import type { KafkaRecord, Origin } from '../domain/record.ts';
import { keyOf } from '../domain/unit.ts';
import type { Unit } from '../domain/unit.ts';
import type { Lease } from '../kafka/byte-budget.ts';
import type { Found } from '../kafka/place-reader.ts';
import type { Home, Payload } from '../penalty-box/payload.ts';

/** Where headers and value of a message are read again that are not in Redis. */
export interface ContentSources {
  readonly retryTopic: string;
  readonly home: Home;
  readonly lend: (place: Origin) => Promise<Found>;
  /** What Kafka still has of the retry partition: from its first record to its end. */
  readonly range: () => Promise<{ readonly first: number; readonly end: number }>;
}

/** A message whose payload was decoded. */
export interface Stored {
  readonly unit: Unit;
  readonly retryOffset: number;
  readonly payload: Payload;
}

/** `gone`: Kafka does not have it any more. The lease is the caller's to end. */
export type Content =
  { readonly kind: 'whole'; readonly payload: Payload; readonly lease: Lease } | { readonly kind: 'gone' };

/** Whether something of it is still to be read. `byReference`: a value that was left at its origin may stay there. */
export function isWhole(
  { leftOut, valueAtOrigin }: Payload,
  { byReference }: { byReference: boolean },
): boolean {
  return leftOut === null && (byReference || !valueAtOrigin);
}

/** Reads what Redis has not. Rejects where Kafka does not answer. */
export async function contentOf(
  stored: Stored,
  sources: ContentSources,
  { byReference }: { byReference: boolean },
): Promise<Content> {
  const found = stored.payload.leftOut === null ? null : await leftOutOf(stored, sources);
  if (found === 'gone') return { kind: 'gone' };
  const { payload } = found ?? stored;
  if (byReference || !payload.valueAtOrigin) return whole(payload, found === null ? [] : [found.lease]);
  const there = await sources.lend(payload.origin);
  if (there.kind === 'gone') {
    found?.lease.end();
    return there;
  }
  const { value } = there.record;
  // Salvaged from Redis, when the retry topic had been made anew: its headers were left at the origin too.
  const headers = payload.headers.length > 0 ? payload.headers : applicationHeaders(there.record.headers);
  return whole({ ...payload, headers, value }, [there.lease, ...(found === null ? [] : [found.lease])]);
}

/** Of the retry record; where retention was faster, of the record that it was made of. */
async function leftOutOf(
  stored: Stored,
  { retryTopic, home, lend, range }: ContentSources,
): Promise<{ payload: Payload; lease: Lease } | 'gone'> {
  const { payload, retryOffset } = stored;
  const there = await lend({ topic: retryTopic, partition: home.partition, offset: retryOffset });
  if (there.kind === 'read') {
    if (isOf(there.record, stored)) return filled(payload, there);
    there.lease.end();
    throw new Error('another record lies in its place: was the retry topic made anew?');
  }
  // The client has been seen to skip records, and a message that is given up for it would be lost.
  const { first, end } = await range();
  if (retryOffset >= first && retryOffset < end)
    throw new Error('it was passed over, though retention has not removed it');
  // What was redriven may have been given another value than it has at its origin.
  if (payload.redrive !== '' || payload.origin.topic !== home.topic) return 'gone';
  const atOrigin = await lend(payload.origin);
  if (atOrigin.kind === 'gone') return 'gone';
  if (isOf(atOrigin.record, stored)) return filled(payload, atOrigin);
  atOrigin.lease.end();
  return 'gone';
}

function filled(payload: Payload, { record, lease }: Extract<Found, { kind: 'read' }>) {
  const { value, headers } = record;
  return { payload: { ...payload, leftOut: null, headers: applicationHeaders(headers), value }, lease };
}

/** As far as Redis can tell: by key and length. */
function isOf(record: KafkaRecord, { unit, payload }: Stored): boolean {
  const key = keyOf(unit) ?? payload.key;
  const sameKey = key === null || record.key === null ? key === record.key : key.equals(record.key);
  return sameKey && (payload.valueAtOrigin || (record.value?.length ?? 0) === payload.leftOut);
}

function whole(payload: Payload, leases: readonly Lease[]): Content {
  return {
    kind: 'whole',
    payload,
    lease: {
      park: () => leases.every((lease) => lease.park()),
      end: () => {
        for (const lease of leases) lease.end();
      },
    },
  };
}
