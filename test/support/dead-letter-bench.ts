import type { Redis } from 'ioredis';
import { DeadLetterIndex } from '../../src/dead-letters/dead-letter-index.ts';
import { readDeadLetter } from '../../src/dead-letters/dead-letter.ts';
import type { DeadLetter } from '../../src/dead-letters/dead-letter.ts';
import type { IndexedDeadLetter } from '../../src/dead-letters/index-row.ts';
import { IndexScripts } from '../../src/dead-letters/index-scripts.ts';
import { IndexWriter } from '../../src/dead-letters/index-writer.ts';
import type { Written } from '../../src/dead-letters/index-writer.ts';
import { Listing } from '../../src/dead-letters/listing.ts';
import type { ListQuery } from '../../src/dead-letters/listing.ts';
import { readMarker } from '../../src/dead-letters/marker.ts';
import type { Marker } from '../../src/dead-letters/marker.ts';
import { deadLetterHeaders, placeHeaders } from '../../src/domain/outgoing-headers.ts';
import type { DeadLetterReason } from '../../src/domain/outgoing-headers.ts';
import type { KafkaRecord } from '../../src/domain/record.ts';
import { createLogger } from '../../src/logger.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { FakeClock } from './fake-clock.ts';

const KEY_PREFIX = 'index-test:';
const MAIN = 'main';
/** When the first dead letter of a test was given up, epoch ms. */
export const GIVEN_UP = 1_767_225_600_000;

export interface LetterToWrite {
  readonly key?: string | null;
  readonly value?: string;
  /** Offset in partition 0 of the main topic. */
  readonly origin: number;
  readonly attempt?: number;
  readonly reason?: DeadLetterReason;
  readonly errorClass?: string;
  readonly error?: string;
  readonly redrive?: string;
  /** After GIVEN_UP, ms; default: as many as the origin. */
  readonly after?: number;
  readonly route?: string;
}

/** A dead letter as the service writes it, without its place in the dead-letter topic. */
export function letterRecord(
  route: string,
  letter: LetterToWrite,
): Pick<KafkaRecord, 'key' | 'value' | 'headers' | 'timestamp'> {
  const { key = 'k', value = 'v', origin, attempt = 7, reason = 'exhausted', redrive = '' } = letter;
  const deadLetteredAt = GIVEN_UP + (letter.after ?? origin);
  const departure = {
    place: placeHeaders(letter.route ?? route, { topic: MAIN, partition: 0 }),
    ...{ originOffset: origin, originTimestamp: GIVEN_UP - 1_000, applicationHeaders: [], redrive },
  };
  const headers = deadLetterHeaders(departure, {
    ...{ attempt, reason, firstFailedAt: GIVEN_UP - 500, deadLetteredAt },
    ...{ errorClass: letter.errorClass ?? 'Boom', errorMessage: letter.error ?? 'it broke' },
  });
  return {
    ...{ key: key === null ? null : Buffer.from(key), value: Buffer.from(value), timestamp: deadLetteredAt },
    headers: headers.map(([name, text]) => [name, Buffer.from(text as string)] as const),
  };
}

/** An index on a real Redis that nobody else uses, over topics that the test makes up. */
export class IndexBench implements AsyncDisposable {
  readonly route: string;
  readonly index: DeadLetterIndex;
  readonly writer: IndexWriter;
  readonly scripts: IndexScripts;
  readonly listing: Listing;
  readonly clock = new FakeClock(GIVEN_UP);
  /** By partition, what is in the topic; markers too. */
  readonly topic: KafkaRecord[][] = [[], []];
  first = [0, 0];
  id = 'first';
  readonly #connection: RedisConnection;
  readonly #cursors = new Map<number, number>();
  #stamps = 0;

  private constructor(connection: RedisConnection, limit: number) {
    this.#connection = connection;
    benches++;
    this.route = `index-${String(process.pid)}-${String(benches)}`;
    const servers = { serverOf: () => ({ connection }) };
    this.scripts = new IndexScripts({ servers, keyPrefix: KEY_PREFIX, route: this.route });
    this.index = new DeadLetterIndex({
      ...{ scripts: this.scripts, topic: 'dlq', mainTopic: MAIN, clock: this.clock },
      send: ({ partition }, record, settle) => {
        const { value, headers } = record();
        const written = headers.map(([name, text]) => [name, Buffer.from(text as string)] as const);
        const lies = this.#append(partition ?? 0, {
          key: null,
          value,
          timestamp: GIVEN_UP,
          headers: written,
        });
        settle({ kind: 'written', offset: lies.offset });
      },
    });
    this.writer = new IndexWriter({
      ...{ scripts: this.scripts, index: this.index, mainTopic: MAIN, limit },
      nonce: () => `stamp${String(++this.#stamps)}`,
      ranges: () => Promise.resolve(this.ranges),
    });
    this.listing = new Listing({ scripts: this.scripts, mainTopic: MAIN });
  }

  static async open(url: string, limit = 1_000): Promise<IndexBench> {
    const target = { kind: 'url', url } as const;
    const connection = new RedisConnection({ target, logger: createLogger('silent'), role: 'commands' });
    await connection.start();
    return new IndexBench(connection, limit);
  }

  get redis(): Redis {
    return this.#connection.redis;
  }

  get ranges(): ReadonlyMap<number, { first: number; end: number }> {
    return new Map(
      this.topic.map((records, partition) => {
        const end = (records.at(-1)?.offset ?? -1) + 1;
        return [partition, { first: this.first[partition]!, end: Math.max(end, this.first[partition]!) }];
      }),
    );
  }

  append(partition: number, ...letters: readonly LetterToWrite[]): KafkaRecord[] {
    return letters.map((letter) => this.#append(partition, letterRecord(this.route, letter)));
  }

  /** What a control record leaves. */
  gap(partition: number): void {
    this.#append(partition, { key: null, value: null, headers: [], timestamp: -1 });
    this.topic[partition]!.pop();
    this.#gaps[partition]!++;
  }

  readonly #gaps = [0, 0];

  #append(partition: number, record: Omit<KafkaRecord, 'topic' | 'partition' | 'offset'>): KafkaRecord {
    const before = this.topic[partition]!;
    const offset = (before.at(-1)?.offset ?? this.first[partition]! - 1) + 1 + this.#gaps[partition]!;
    this.#gaps[partition] = 0;
    const lies = { topic: 'dlq', partition, offset, ...record };
    before.push(lies);
    return lies;
  }

  /** As a reader that has just been given all partitions. */
  async take(): Promise<void> {
    const { cursors } = await this.writer.take({ id: this.id, ranges: this.ranges }, [0, 1]);
    for (const [partition, cursor] of cursors) this.#cursors.set(partition, cursor);
  }

  /** Reads all that has not been read. */
  async read(): Promise<void> {
    for (const partition of [0, 1]) {
      for (const record of this.topic[partition]!) {
        if (record.offset >= this.#cursors.get(partition)!) await this.readOne(record);
      }
    }
  }

  async readOne(record: KafkaRecord, before = this.#cursors.get(record.partition)!): Promise<Written> {
    const { partition, offset } = record;
    const letter: DeadLetter | null = readDeadLetter(record, this.route);
    const marker: Marker | null = letter === null ? readMarker(record) : null;
    let at = before;
    if (marker !== null && before < offset) {
      await this.writer.write(this.id, partition, before, offset, []);
      at = offset;
    }
    const written =
      marker === null
        ? await this.writer.write(this.id, partition, at, offset + 1, letter === null ? [] : [letter])
        : await this.writer.settle(this.id, partition, at, marker);
    if (written.kind === 'done') this.#cursors.set(partition, offset + 1);
    return written;
  }

  /** Retention removes what lies before an offset; the service looks at the topic. */
  async retain(partition: number, first: number): Promise<void> {
    this.first[partition] = first;
    this.topic[partition] = this.topic[partition]!.filter(({ offset }) => offset >= first);
    let done = false;
    while (!done) done = await this.writer.forget(this.id, partition, first);
    this.#cursors.set(partition, Math.max(first, this.#cursors.get(partition)!));
  }

  async list(query: Partial<ListQuery> = {}): Promise<readonly IndexedDeadLetter[]> {
    const { letters } = await this.listing.page({
      ...{ filter: {}, status: 'open', limit: 1_000, after: null },
      ...query,
    });
    return letters;
  }

  /** Partition, offset and status of all, the newest first. */
  async all(): Promise<string[]> {
    const rows = await this.list({ status: 'all' });
    return rows.map(({ position: { partition, offset }, status }) => `${partition}/${offset} ${status}`);
  }

  async open(): Promise<number | null> {
    return (await this.index.state()).open;
  }

  /** Redis loses everything of the index. */
  async flush(): Promise<void> {
    const keys = await this.keys();
    if (keys.length > 0) await this.redis.unlink(keys);
  }

  async keys(): Promise<string[]> {
    return this.redis.keys(`${KEY_PREFIX}{${this.route}:*`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    await this.#connection.stop();
  }
}

let benches = 0;
