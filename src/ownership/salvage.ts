import { encodeJournal, journalHeaders } from '../domain/journal-record.ts';
import { announcementHeaders } from '../domain/outgoing-headers.ts';
import { HEADER } from '../domain/header-names.ts';
import type { OutgoingHeader } from '../domain/record.ts';
import { originOffsetOf } from '../domain/place.ts';
import { keyOf } from '../domain/unit.ts';
import type { Unit } from '../domain/unit.ts';
import { settled } from '../kafka/send.ts';
import type { OutgoingRecord, Send } from '../kafka/send.ts';
import { accepted } from '../penalty-box/owner-box.ts';
import type { OwnerBox, StoredUnit } from '../penalty-box/owner-box.ts';
import { decodePayload, lastErrorOf } from '../penalty-box/payload.ts';
import type { Home } from '../penalty-box/payload.ts';
import type { StoredEntry } from '../penalty-box/stored.ts';

interface Deps {
  readonly box: Pick<OwnerBox, 'unitsByLock' | 'entries' | 'ownerEpoch'>;
  readonly send: Send;
  readonly route: string;
  readonly retryTopic: string;
  readonly home: Home;
  /** The main topic was made anew: its offsets mean other messages now, so the origins are told as of that topic. */
  readonly originTopic: string;
}

export interface Salvaged {
  readonly messages: number;
  /** Announced and not read yet: nobody but their consumers has them. */
  readonly announced: number;
}

const PAGE = 100;

/**
 * Writes what Redis holds of a shard to the retry topic, as consumers would have written it, when the topic was deleted
 * and made anew: Kafka has lost what it acknowledged, and Redis has the last copy. The shard is rebuilt from there after.
 *
 * Written twice, after a crash in between, it is a second copy that nobody counts. Rejects where Kafka does not take all of it.
 */
export async function salvage(deps: Deps): Promise<Salvaged> {
  const { box } = deps;
  let [messages, announced] = [0, 0];
  const parks: Buffer[] = [];
  for (const unit of (await box.unitsByLock()).values()) {
    let last: Buffer | null = null;
    for (;;) {
      const page: StoredUnit = accepted(await box.entries(unit, last, PAGE), 'reading a unit');
      const whole = page.entries.filter(
        // Of a marker there is a dead letter. Without the value it is not enough.
        ({ payload, status, kept }) => payload !== null && (status !== 'B' || kept),
      );
      await Promise.all(whole.map((entry) => written(deps, recordOf(deps, unit, entry, page.knownUpTo))));
      messages += whole.length;
      announced += page.entries.filter(({ payload }) => payload === null).length;
      // A message without a key is another unit where its origin is told otherwise.
      const same = keyOf(unit) !== null || deps.originTopic === deps.home.topic;
      if (page.park.length > 0 && last === null && same) parks.push(page.park);
      if (page.entries.length < PAGE) break;
      last = page.entries.at(-1)?.id ?? null;
    }
  }
  await Promise.all(parks.map((park) => written(deps, journalOf(deps, park))));
  return { messages, announced };
}

function recordOf(deps: Deps, unit: Unit, entry: StoredEntry, knownUpTo: number): OutgoingRecord {
  const { route, retryTopic: topic, home, originTopic } = deps;
  const payload = decodePayload(entry.payload ?? Buffer.alloc(0), home);
  const { origin } = payload;
  const atHome = origin.topic === home.topic && origin.partition === home.partition;
  const offset = originOffsetOf(entry.id.subarray(6));
  const given = announcementHeaders({
    route,
    origin: atHome ? { ...origin, topic: originTopic } : origin,
    attempt: entry.attempt,
    ...lastErrorOf(entry, payload),
    fatal: entry.fatal,
    // Only what a gate announced is known to have been handled in order.
    claim: offset !== null && offset <= knownUpTo ? deps.box.ownerEpoch : '',
    notBefore: entry.dueAt,
  });
  const headers: OutgoingHeader[] = [...payload.headers, ...Object.entries(given)];
  if (payload.originTimestamp !== null)
    headers.push([HEADER.originTimestamp, String(payload.originTimestamp)]);
  // What was left in the retry topic is gone with it: the message lies at its origin too.
  if (payload.valueAtOrigin || payload.leftOut !== null) headers.push([HEADER.value, 'origin']);
  if (payload.redrive !== '') headers.push([HEADER.redrive, payload.redrive]);
  const key = keyOf(unit) ?? payload.key;
  return { topic, partition: home.partition, key, value: payload.value, headers };
}

/** Of a unit that an operator, or a dead letter, holds. */
function journalOf({ box, retryTopic: topic, home }: Deps, park: Buffer): OutgoingRecord {
  const headers = journalHeaders(box.ownerEpoch);
  return { topic, partition: home.partition, key: null, value: encodeJournal([park]), headers };
}

async function written({ send }: Deps, record: OutgoingRecord): Promise<void> {
  const result = await settled(send, record);
  if (result.kind !== 'written') throw result.error;
}
