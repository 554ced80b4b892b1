import type { Reply } from '../redis/define-script.ts';
import { accepted, asBytes } from './dead-letter-index.ts';
import { matches } from './filter.ts';
import type { DeadLetterFilter } from './filter.ts';
import { groupHash, keyHash, LUMP, readRow } from './index-row.ts';
import type { IndexedDeadLetter, Status } from './index-row.ts';
import type { IndexScripts } from './index-scripts.ts';

/** Which rows of the index, the newest first. */
export interface ListQuery {
  readonly filter: DeadLetterFilter;
  readonly status: Status | 'all';
  readonly limit: number;
  /** The place after which to go on, as a page gave it; null: from the newest on. */
  readonly after: Place | null;
}

/** Time and position of a row: 16 bytes, in their order. */
export type Place = Buffer;

export interface Page {
  readonly letters: readonly IndexedDeadLetter[];
  /** null: there are no more. A page may have fewer rows than asked for, and more behind it. */
  readonly next: Place | null;
}

interface Deps {
  readonly scripts: Pick<IndexScripts, 'run'>;
  readonly mainTopic: string;
}

export const PLACE_BYTES = 16;
/** Rows that are looked at for one page, whatever the filter lets through. */
const WORK = 5_000;
const CHUNK = 200;
const END = Buffer.alloc(17, 0xff);

/** Reads the index in the order of time. Any replica may. */
export class Listing {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws OrchestratorError NOT_READY, UNAVAILABLE */
  async page(query: ListQuery): Promise<Page> {
    const { filter, status, limit, after } = query;
    // A row keeps the beginning of its key: what its hash has found is of that key.
    const { key: _found, ...rest } = filter;
    const streams = streamsOf(query).map((stream) => new RowStream(this.#deps, stream, filter, after));
    const letters: IndexedDeadLetter[] = [];
    let last: Place | null = after;
    for (let looked = 0; looked < WORK; looked++) {
      if (letters.length >= limit) return { letters, next: last };
      const stream = await newest(streams);
      const row = stream?.take();
      if (row === undefined) return { letters, next: null };
      last = row.place;
      if (row.letter === null) continue;
      if ((status === 'all' || row.letter.status === status) && matches(row.letter, rest))
        letters.push(row.letter);
    }
    return { letters, next: last };
  }
}

interface Stream {
  readonly set: 'open' | 'past' | 'keys' | 'groups';
  /** What members of the set begin with. */
  readonly prefix: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** The fewest rows that may hold what is asked for. Pure. */
function streamsOf({ filter, status }: ListQuery): Stream[] {
  const { key, reason, errorClass } = filter;
  if (key !== undefined) return [{ set: 'keys', prefix: keyHash(key) }];
  if (status === 'open' && reason !== undefined && errorClass !== undefined) {
    return [groupHash(reason, errorClass), LUMP].map((prefix) => ({ set: 'groups', prefix }));
  }
  const sets =
    status === 'all' ? (['open', 'past'] as const) : ([status === 'open' ? 'open' : 'past'] as const);
  return sets.map((set) => ({ set, prefix: NOTHING }));
}

interface StreamedRow {
  readonly place: Place;
  /** null: it has gone meanwhile. */
  readonly letter: IndexedDeadLetter | null;
}

async function newest(streams: readonly RowStream[]): Promise<RowStream | undefined> {
  let best: RowStream | undefined;
  for (const stream of streams) {
    const place = await stream.head();
    const before = best?.ahead;
    if (place !== undefined && (before === undefined || Buffer.compare(place, before) > 0)) best = stream;
  }
  return best;
}

/** One sorted set, read in chunks from the last member on. */
class RowStream {
  readonly #deps: Deps;
  readonly #stream: Stream;
  readonly #least: Buffer;
  #from: Buffer;
  #rows: StreamedRow[] = [];
  #ended = false;

  constructor(deps: Deps, stream: Stream, { from, to }: DeadLetterFilter, after: Place | null) {
    const { prefix } = stream;
    this.#deps = deps;
    this.#stream = stream;
    this.#least = from === undefined ? included(prefix) : included(Buffer.concat([prefix, timeBytes(from)]));
    const first = to === undefined ? END : timeBytes(to);
    const beginning = after !== null && Buffer.compare(after, first) < 0 ? after : first;
    this.#from = excluded(Buffer.concat([prefix, beginning]));
  }

  get ahead(): Place | undefined {
    return this.#rows[0]?.place;
  }

  async head(): Promise<Place | undefined> {
    while (this.#rows.length === 0 && !this.#ended) await this.#fetch();
    return this.ahead;
  }

  take(): StreamedRow | undefined {
    return this.#rows.shift();
  }

  async #fetch(): Promise<void> {
    const { scripts, mainTopic } = this.#deps;
    const { set, prefix } = this.#stream;
    const reply = accepted(await scripts.run('page', 0, [set, this.#from, this.#least, CHUNK]));
    const members = reply.filter((_, i) => i % 2 === 0).map(asBytes);
    this.#rows = members.map((member, i) => ({
      place: member.subarray(prefix.length),
      letter: letterOf(member, reply[2 * i + 1], mainTopic),
    }));
    const last = members.at(-1);
    if (last === undefined || members.length < CHUNK) this.#ended = true;
    if (last !== undefined) this.#from = excluded(last);
  }
}

function letterOf(member: Buffer, row: Reply | undefined, mainTopic: string): IndexedDeadLetter | null {
  const bytes = asBytes(row);
  return bytes.length === 0 ? null : readRow(member.subarray(-10), bytes, mainTopic);
}

function timeBytes(epochMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(6);
  bytes.writeUIntBE(Math.min(Math.max(0, epochMs), 2 ** 47), 0, 6);
  return bytes;
}

function included(bound: Buffer): Buffer {
  return Buffer.concat([Buffer.from('['), bound]);
}

function excluded(bound: Buffer): Buffer {
  return Buffer.concat([Buffer.from('('), bound]);
}
