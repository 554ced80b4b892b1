import { carriedHeaders, placeHeaders } from '../domain/outgoing-headers.ts';
import { keyOf } from '../domain/unit.ts';
import type { OutgoingRecord } from '../kafka/send.ts';
import type { AgedEntry } from '../penalty-box/entry.ts';
import { lastErrorOf } from '../penalty-box/payload.ts';
import type { Home, Payload } from '../penalty-box/payload.ts';

/** Where copies go, and what they say of it. */
export interface CopyTo {
  readonly route: string;
  readonly retryTopic: string;
  /** Main topic and partition of the shard. */
  readonly home: Home;
}

/** The copy of an entry's retry record, with what has happened to the entry since. `payload`: the whole of it. Pure. */
export function copyOf(
  entry: AgedEntry,
  payload: Payload,
  { route, retryTopic, home }: CopyTo,
): OutgoingRecord {
  const { origin, originTimestamp, headers, valueAtOrigin, redrive } = payload;
  const departure = {
    place: placeHeaders(route, origin),
    originOffset: origin.offset,
    originTimestamp,
    applicationHeaders: headers,
    redrive,
  };
  return {
    topic: retryTopic,
    partition: home.partition,
    key: keyOf(entry.unit) ?? payload.key,
    value: payload.value,
    headers: carriedHeaders(departure, {
      ...entry,
      original: entry.retryOffset,
      place: entry.place.length === 8 ? null : entry.place,
      ...lastErrorOf(entry, payload),
      valueAtOrigin,
    }),
  };
}
