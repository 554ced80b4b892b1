import type { DeadLetterReason } from '../domain/outgoing-headers.ts';
import type { Place } from '../domain/place.ts';
import { UNKNOWN_TOPICS } from '../domain/topic-ids.ts';
import type { TopicIds } from '../domain/topic-ids.ts';
import type { Unit } from '../domain/unit.ts';
import { OrchestratorError } from '../errors.ts';
import type { Argument, Reply } from '../redis/define-script.ts';
import type { BoxScripts } from './box-scripts.ts';
import type { AgedEntry, Arrival, Job } from './entry.ts';
import { packArrivals, packWritten, readAged, readJobs } from './packed.ts';
import { bytes, int, text } from './scripts.ts';
import type { Operation } from './scripts.ts';
import { readLock, readStoredEntry } from './stored.ts';
import type { StoredEntry } from './stored.ts';

/** Something that Kafka has to be told: what it is about, which change it was, and what a rebuild reads of it. */
export interface Noted {
  readonly name: Buffer;
  readonly version: Buffer;
  /** Written by lua/journal.lua, read by lua/replay.lua; opaque in between. */
  readonly item: Buffer;
}

export interface Ingested {
  readonly failed: number;
  readonly behind: number;
  readonly again: number;
  readonly arrived: number;
  readonly duplicate: number;
  readonly late: number;
  /** Copies of old records that their entries rest on now. */
  readonly moved: number;
}

export interface Evidence {
  /** The group's committed offset in the main partition, -1 = none. Read before `end`. */
  readonly committed: number;
  /** End of the retry partition, observed after. */
  readonly end: number;
  /** Committed and first offset of the topic that redeliveries go to, -1 = unknown. */
  readonly passed: number;
  readonly first: number;
  /** End of the topic that redeliveries go to, -1 = unknown. */
  readonly redeliveryEnd: number;
}

export interface Findings {
  /** The smallest retry offset that the service's own group may not pass. */
  readonly checkpoint: number;
  /** It would be further, were it not for the records that tell of parked keys. */
  readonly heldByParks: boolean;
  /** Messages in the box. */
  readonly held: number;
  readonly succeeded: number;
  readonly redelivered: number;
  readonly forgotten: number;
  readonly more: boolean;
  /** Origins of pending entries that will never arrive. */
  readonly reaped: readonly number[];
}

/** Why an owner has to take its shard over again. `unsure`: an answer got lost, and with it what it gave. */
export type Refusal = 'lost' | 'fenced' | 'unsure';

/** `lost`: Redis does not hold the shard as this owner left it. `fenced`: another replica took it over. */
export type OwnerReply<Result> =
  | { readonly kind: 'ok'; readonly value: Result; readonly nextDue: number | null }
  | { readonly kind: 'lost' | 'fenced' | 'behind' }
  | { readonly kind: 'cursor'; readonly cursor: number };

/** What a reply that is not `ok` means to an owner that cannot go on. */
export function refusalOf(reply: Exclude<OwnerReply<unknown>, { kind: 'ok' }>): Refusal {
  return reply.kind === 'fenced' ? 'fenced' : 'lost';
}

/** The box did not do what its owner asked for. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(what: string, reply: Exclude<OwnerReply<unknown>, { kind: 'ok' }>) {
    super(`${what} was refused: ${reply.kind}`);
    this.refusal = refusalOf(reply);
  }
}

/** The value of a reply. @throws Refused */
export function accepted<Value>(reply: OwnerReply<Value>, what: string): Value {
  if (reply.kind !== 'ok') throw new Refused(what, reply);
  return reply.value;
}

/** Which topics were deleted and made anew. */
export interface Remade {
  readonly retry: boolean;
  readonly main: boolean;
}

export interface Takeover {
  /** null: Redis does not hold the shard; it must be rebuilt. */
  readonly cursor: number | null;
  /** The cursor, whether the shard is whole or not. */
  readonly readTo: number;
  readonly nextDue: number | null;
  /** The topics that the shard was made from. */
  readonly madeFrom: TopicIds;
  /** What an owner before had found, and had not dealt with to the end. */
  readonly remade: Remade;
}

export interface StoredUnit {
  readonly knownUpTo: number;
  /** What a journal record says of its park, opaque; empty: it is not parked. */
  readonly park: Buffer;
  readonly entries: readonly StoredEntry[];
}

export interface ReleasePolicy {
  readonly window: number;
  readonly maxAttempts: number;
  readonly maxAge: number | null;
}

/** The box as the owner of one shard sees it. Every call but `takeOver` is refused once another owner took over. */
export class OwnerBox {
  readonly #scripts: BoxScripts;
  readonly #partition: number;
  #ownerEpoch = '';

  constructor(scripts: BoxScripts, partition: number) {
    this.#scripts = scripts;
    this.#partition = partition;
  }

  get ownerEpoch(): string {
    return this.#ownerEpoch;
  }

  /** `topics`: as they are now. */
  async takeOver(topics: TopicIds = UNKNOWN_TOPICS): Promise<Takeover> {
    const reply = await this.#scripts.run(this.#partition, 'takeover', [topics.retry, topics.main]);
    if (reply.status !== 'OK') throw new OrchestratorError('INTERNAL', `takeover answered ${reply.status}`);
    this.#ownerEpoch = text(reply.result[0]);
    const [, state, cursor, retry, main, remade] = reply.result.map(text);
    return {
      cursor: state === 'ready' ? Number(cursor) : null,
      readTo: Number(cursor),
      nextDue: reply.nextDue,
      madeFrom: { retry: retry ?? '', main: main ?? '' },
      remade: { retry: remade?.includes('retry') === true, main: remade?.includes('main') === true },
    };
  }

  reset(checkpoint: number): Promise<OwnerReply<null>> {
    return this.#run('reset', [checkpoint], () => null);
  }

  stamp(nonce: string, topics: TopicIds = UNKNOWN_TOPICS): Promise<OwnerReply<string>> {
    return this.#run('stamp', [nonce, topics.retry, topics.main], (result) => text(result[0]));
  }

  /** From here on every call is answered as for a shard that is being rebuilt, until it is. */
  freeze({ retry, main }: Remade): Promise<OwnerReply<null>> {
    return this.#run('freeze', [`${retry ? 'retry' : ''} ${main ? 'main' : ''}`], () => null);
  }

  /** Reading stops; or it has caught up, and all claims have to be made anew. Answers how many announced records it has not read. */
  behind(is: boolean, nonce: string): Promise<OwnerReply<number>> {
    return this.#run('behind', [is ? 1 : 0, nonce], ([announced]) => int(announced));
  }

  /** A page of a unit's entries in order, as they are stored; `after`: id of the last one of the page before. */
  entries(unit: Unit, after: Buffer | null, limit: number): Promise<OwnerReply<StoredUnit>> {
    return this.#run('entries', [unit, after ?? '', limit], ([knownUpTo, park, ...rest]) => {
      const entries: StoredEntry[] = [];
      for (let i = 0; i < rest.length; i += 3) {
        entries.push(readStoredEntry(bytes(rest[i]), bytes(rest[i + 1]), bytes(rest[i + 2])));
      }
      return { knownUpTo: int(knownUpTo ?? -1), park: bytes(park), entries };
    });
  }

  ingest(
    cursor: number,
    next: number,
    gated: boolean,
    arrivals: readonly Arrival[],
  ): Promise<OwnerReply<Ingested>> {
    const facts = packArrivals(arrivals);
    const args = [cursor, next, gated ? 1 : 0, facts, ...arrivals.map(({ payload }) => payload)];
    return this.#run('ingest', args, ([failed, behind, again, arrived, duplicate, late, moved]) => ({
      failed: int(failed),
      behind: int(behind),
      again: int(again),
      arrived: int(arrived),
      duplicate: int(duplicate),
      late: int(late),
      moved: int(moved),
    }));
  }

  release(limit: number, policy: ReleasePolicy, noncePrefix: string): Promise<OwnerReply<Job[]>> {
    return this.#run(
      'release',
      [limit, policy.window, policy.maxAttempts, policy.maxAge ?? 0, noncePrefix],
      (jobs) => readJobs(jobs, noncePrefix),
      'past',
    );
  }

  acknowledge(written: readonly { job: Job; offset: number }[]): Promise<OwnerReply<null>> {
    return this.#run('acknowledge', [packWritten(written)], () => null);
  }

  /**
   * `reason` condemns the entry to the dead-letter topic instead of sending it again. `refusals`: Kafka refused it for its own
   * sake, and it is undeliverable when that has happened so often in a row.
   */
  withdraw(
    entries: readonly { job: Job; notBefore: number; reason?: DeadLetterReason; refusals?: number }[],
  ): Promise<OwnerReply<null>> {
    return this.#run(
      'withdraw',
      entries.flatMap(({ job, notBefore, reason, refusals }) => [
        ...[job.id, job.nonce, notBefore, reason ?? '', refusals ?? 0],
      ]),
      () => null,
    );
  }

  bury(jobs: readonly Job[], hold: boolean): Promise<OwnerReply<null>> {
    return this.#run('bury', [hold ? 1 : 0, ...jobs.flatMap(({ id, nonce }) => [id, nonce])], () => null);
  }

  /** Their dead letters lack the values: each stays as a marker, and keeps its retry record alive, until an operator acts. */
  keep(jobs: readonly Job[]): Promise<OwnerReply<null>> {
    return this.#run('bury', [2, ...jobs.flatMap(({ id, nonce }) => [id, nonce])], () => null);
  }

  /** What has happened to entries since it was last told to Kafka, at most `limit` of it; `written` is in Kafka now. */
  journal(limit: number, written: readonly Noted[]): Promise<OwnerReply<{ left: number; noted: Noted[] }>> {
    const args = [limit, ...written.flatMap(({ name, version }) => [name, version])];
    return this.#run('journal', args, ([left, ...rest]) => {
      const noted: Noted[] = [];
      for (let i = 0; i < rest.length; i += 3) {
        noted.push({ name: bytes(rest[i]), version: bytes(rest[i + 1]), item: bytes(rest[i + 2]) });
      }
      return { left: int(left), noted };
    });
  }

  /** In a rebuild: what a journal record tells. */
  replay(
    cursor: number,
    next: number,
    ownerEpoch: number,
    items: readonly Buffer[],
  ): Promise<OwnerReply<null>> {
    return this.#run('replay', [cursor, next, ownerEpoch, ...items], () => null);
  }

  /** Ids of entries whose retry records lie before that offset. `page` '0' = the first, and after the last one. */
  lagging(retryOffset: number, page: string): Promise<OwnerReply<{ page: string; ids: Buffer[] }>> {
    return this.#run('lagging', [retryOffset, page], ([next, ...ids]) => ({
      page: text(next),
      ids: ids.map(bytes),
    }));
  }

  /** Those of the entries that are still there. */
  carry(entries: readonly { unit: Unit; place: Place }[]): Promise<OwnerReply<AgedEntry[]>> {
    const args = entries.flatMap(({ unit, place }) => [unit, place]);
    return this.#run('carry', args, readAged);
  }

  /** Notes the parks of a page of locks, to be told anew. `page` '0' = the first, and after the last one. */
  parks(page: string): Promise<OwnerReply<string>> {
    return this.#run('parks', [page], ([next]) => text(next));
  }

  /** Kafka has been told of all parks from that retry offset on: the checkpoint may move so far. */
  parksTold(retryOffset: number): Promise<OwnerReply<null>> {
    return this.#run('parks', ['', retryOffset], () => null);
  }

  /** The unit of each lock, by its number. */
  async unitsByLock(): Promise<Map<number, Unit>> {
    const units = new Map<number, Unit>();
    for await (const page of this.#scripts.scanLocks(this.#partition)) {
      for (const [unit, packed] of page) units.set(readLock(packed).number, unit);
    }
    return units;
  }

  evidence(gated: boolean, seen: Evidence): Promise<OwnerReply<Findings>> {
    const args = [gated ? 1 : 0, seen.committed, seen.end, seen.passed, seen.first, seen.redeliveryEnd];
    return this.#run('evidence', args, (result) => ({
      checkpoint: int(result[0]),
      heldByParks: int(result[1]) === 1,
      held: int(result[2]),
      succeeded: int(result[3]),
      redelivered: int(result[4]),
      forgotten: int(result[5]),
      more: int(result[6]) === 1,
      reaped: result.slice(7).map(int),
    }));
  }

  async #run<Result>(
    operation: Operation,
    args: Argument[],
    read: (result: readonly Reply[]) => Result,
    rounding: 'past' | 'now' = 'now',
  ): Promise<OwnerReply<Result>> {
    const reply = await this.#scripts.run(this.#partition, operation, [this.#ownerEpoch, ...args], rounding);
    switch (reply.status) {
      case 'OK':
        return { kind: 'ok', value: read(reply.result), nextDue: reply.nextDue };
      case 'NOT_READY':
        return { kind: 'lost' };
      case 'FENCED':
        return { kind: 'fenced' };
      case 'BEHIND':
        return { kind: 'behind' };
      case 'CURSOR':
        return { kind: 'cursor', cursor: Number(reply.cursor) };
    }
  }
}
