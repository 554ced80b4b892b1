import { deadLetterHeaders, placeHeaders, redeliveryHeaders } from '../domain/outgoing-headers.ts';
import type { DeadLetterReason, Departure } from '../domain/outgoing-headers.ts';
import { formatToken } from '../domain/delivery-token.ts';
import { HEADER } from '../domain/header-names.ts';
import type { OutgoingHeader } from '../domain/record.ts';
import { keyOf } from '../domain/unit.ts';
import type { OutgoingRecord } from '../kafka/send.ts';
import type { Job } from '../penalty-box/entry.ts';
import { lastErrorOf } from '../penalty-box/payload.ts';
import type { Home, Payload } from '../penalty-box/payload.ts';

/** Where the records of one shard go. */
export interface Destinations {
  readonly route: string;
  readonly redeliveryTopic: string;
  readonly deadLetterTopic: string;
  readonly retryTopic: string;
  /** Redeliveries go to the partition of the shard's number, whatever a header says. */
  readonly home: Home;
  /** `placeHeaders` of the home. */
  readonly place: readonly OutgoingHeader[];
}

/** A record that a job asks for. `payload`: the job's, as far as it is known. Pure; `now`: epoch ms. */
export function recordOf(job: Job, payload: Payload, to: Destinations, now: number): OutgoingRecord {
  const { origin, originTimestamp, headers: applicationHeaders, valueAtOrigin, leftOut, redrive } = payload;
  const key = keyOf(job.unit) ?? payload.key;
  const atHome = origin.topic === to.home.topic && origin.partition === to.home.partition;
  const place = atHome ? to.place : placeHeaders(to.route, origin);
  const departure: Departure = {
    place,
    originOffset: origin.offset,
    originTimestamp,
    applicationHeaders,
    redrive,
  };
  if (job.deadLetter !== null) {
    const headers = deadLetterHeaders(departure, {
      ...factsOf(job, payload, job.deadLetter),
      deadLetteredAt: now,
    });
    const record = { topic: to.deadLetterTopic, partition: null, key, value: payload.value, headers };
    // A dead letter may stay without its value for good: where it lies is among its headers.
    return valueAtOrigin || leftOut !== null ? withoutValue(record) : record;
  }
  const token = formatToken({ place: job.id.subarray(6), nonce: job.nonce });
  const headers = redeliveryHeaders(departure, job.attempt + 1, token);
  return { topic: to.redeliveryTopic, partition: to.home.partition, key, value: payload.value, headers };
}

function factsOf(job: Job, payload: Payload, reason: DeadLetterReason) {
  return {
    attempt: job.attempt,
    reason,
    firstFailedAt: job.firstFailedAt,
    ...lastErrorOf(job, payload),
  };
}

/** A dead letter that is too large even for its topic: headers only, with the place in the retry topic that keeps its value. */
export function keptInRetryTopic(
  record: OutgoingRecord,
  job: Job,
  { retryTopic, home }: Destinations,
): OutgoingRecord {
  const bare = withoutValue(record);
  const keptAt = `${retryTopic}/${home.partition}@${job.retryOffset}`;
  return { ...bare, headers: [...bare.headers, [HEADER.keptAt, keptAt]] };
}

/** Its value stays where it was first read. */
function withoutValue(record: OutgoingRecord): OutgoingRecord {
  return { ...record, value: null, headers: [...record.headers, [HEADER.value, 'origin']] };
}
