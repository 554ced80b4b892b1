import type { Argument } from '../redis/define-script.ts';
import type { DeadLetter } from './dead-letter.ts';
import { packOffsets } from './dead-letter-index.ts';
import type { DeadLetterIndex } from './dead-letter-index.ts';
import type { IndexReply, IndexScripts } from './index-scripts.ts';
import { groupHash, groupName, idOf, LETTER_OF, packRow } from './index-row.ts';
import type { Marker } from './marker.ts';

interface Deps {
  readonly scripts: Pick<IndexScripts, 'run' | 'runOnAll'>;
  readonly index: Pick<DeadLetterIndex, 'settleTwins'>;
  readonly mainTopic: string;
  /** Rows that are kept in detail. */
  readonly limit: number;
  readonly nonce: () => string;
  /** Asked of Kafka now. */
  readonly ranges: () => Promise<SeenTopic['ranges']>;
}

/** The dead-letter topic as Kafka has it now. */
export interface SeenTopic {
  /** '' = the broker does not say. */
  readonly id: string;
  /** First offset that is still there, and the last stable one, by partition. */
  readonly ranges: ReadonlyMap<number, { readonly first: number; readonly end: number }>;
}

/** Where to read on, by partition. `topic`: its id as the index has it. */
export interface Taken {
  readonly topic: string;
  readonly cursors: Map<number, number>;
}

/** `cursor`: the next offset to be read. `lost`: Redis has lost the index, or another has begun it anew. */
export type Written =
  | { readonly kind: 'done' }
  | { readonly kind: 'elsewhere'; readonly cursor: number }
  | { readonly kind: 'lost' };

const AT_ONCE = 100;

/** The index as those change it who read the topic. What it holds and its cursor change in one step. */
export class IndexWriter {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Begins to read partitions. What Redis has of a topic that is no longer is thrown away. */
  async take(seen: SeenTopic, partitions: readonly number[]): Promise<Taken> {
    const reply = await this.#take(seen, partitions, []);
    if (reply.status !== 'CURSOR') return takenBy(reply, seen, partitions);
    // The end may have moved since it was looked at. An end that is asked for after the cursor can't lie before it.
    const { partition, cursor } = reply;
    const now = { id: seen.id, ranges: await this.#deps.ranges() };
    const behind = cursor > (now.ranges.get(partition)?.end ?? Infinity);
    return takenBy(await this.#take(now, partitions, behind ? [partition, cursor] : []), now, partitions);
  }

  async #take(
    { id, ranges }: SeenTopic,
    partitions: readonly number[],
    behindEnd: readonly number[],
  ): Promise<IndexReply> {
    const { scripts, nonce } = this.#deps;
    const places = placesOf(ranges, partitions).flatMap(({ partition, first, end }) => [
      partition,
      first,
      end,
    ]);
    const args: Argument[] = [
      id,
      nonce(),
      ranges.size,
      ...(behindEnd.length > 0 ? behindEnd : ['', '']),
      ...places,
    ];
    const reply = await scripts.runOnAll('take', ranges.size, args);
    return reply.status === 'MORE' ? scripts.runOnAll('take', reply.partitions, args) : reply;
  }

  /** Dead letters that were read from `before` on, up to `after`. */
  async write(
    topic: string,
    partition: number,
    before: number,
    after: number,
    letters: readonly DeadLetter[],
  ): Promise<Written> {
    const { scripts, mainTopic, limit } = this.#deps;
    const names = new Map(
      letters.map(({ reason, errorClass }) => [groupName(reason, errorClass), groupHash(reason, errorClass)]),
    );
    const args: Argument[] = [topic, partition, before, after, limit, names.size];
    for (const [name, hash] of names) args.push(hash, name);
    // Each argument is a write of its own to the socket.
    args.push(
      Buffer.concat(letters.flatMap((letter) => framed(idOf(letter.position), packRow(letter, mainTopic)))),
    );
    return writtenBy(await scripts.run('index', partition, args));
  }

  /** A marker that was read at `before`; null: one that says nothing. */
  async settle(topic: string, partition: number, before: number, marker: Marker | null): Promise<Written> {
    if (marker === null) return this.write(topic, partition, before, before + 1, []);
    let part: number[] = [];
    for (const [from, to] of marker.offsets) {
      for (let offset = from; offset <= to; offset++) {
        part.push(offset);
        if (part.length < AT_ONCE) continue;
        const reply = await this.#settlePart(topic, partition, before, marker, part);
        if (reply.status !== 'OK') return writtenBy(reply);
        part = [];
      }
    }
    const reply = await this.#settlePart(topic, partition, before, marker, part);
    if (reply.status !== 'OK') return writtenBy(reply);
    // Only when all of it is done: a reader that ends before reads it again.
    return this.write(topic, partition, before, before + 1, []);
  }

  async #settlePart(
    topic: string,
    partition: number,
    before: number,
    { settled, at, by }: Marker,
    offsets: readonly number[],
  ): Promise<IndexReply> {
    const { scripts, index } = this.#deps;
    const args = [topic, partition, before, LETTER_OF[settled], at, by, packOffsets(offsets)];
    const reply = await scripts.run('settle', partition, args);
    if (reply.status === 'OK') await index.settleTwins(reply.result.slice(1), settled, at, by);
    return reply;
  }

  /** Forgets what retention removed, a part of it: true when nothing is left to do. */
  async forget(topic: string, partition: number, first: number): Promise<boolean> {
    const reply = await this.#deps.scripts.run('forget', partition, [topic, partition, first]);
    return reply.status !== 'OK' || Number(reply.result[0]) === 1;
  }
}

function writtenBy(reply: IndexReply): Written {
  switch (reply.status) {
    case 'OK':
      return { kind: 'done' };
    case 'CURSOR':
      return { kind: 'elsewhere', cursor: reply.cursor };
    case 'MORE':
    case 'NOT_READY':
      return { kind: 'lost' };
  }
}

function takenBy(reply: IndexReply, { ranges }: SeenTopic, partitions: readonly number[]): Taken {
  if (reply.status !== 'OK') throw new Error(`the index could not be taken: ${reply.status}`);
  const [topic, ...cursors] = reply.result;
  const places = placesOf(ranges, partitions);
  return {
    topic: String(topic),
    cursors: new Map(places.map(({ partition }, i) => [partition, Number(cursors[i])])),
  };
}

function placesOf(ranges: SeenTopic['ranges'], partitions: readonly number[]) {
  return partitions.flatMap((partition) => {
    const range = ranges.get(partition);
    return range === undefined ? [] : [{ partition, ...range }];
  });
}

function framed(id: Buffer, row: Buffer): Buffer[] {
  const size = Buffer.allocUnsafe(2);
  size.writeUInt16BE(id.length + row.length, 0);
  return [size, id, row];
}
