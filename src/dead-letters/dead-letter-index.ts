import type { Clock } from '../clock.ts';
import { OrchestratorError } from '../errors.ts';
import { settled as written } from '../kafka/send.ts';
import type { Send } from '../kafka/send.ts';
import type { Argument, Reply } from '../redis/define-script.ts';
import type { Position } from './dead-letter.ts';
import type { IndexReply, IndexScripts } from './index-scripts.ts';
import { idOf, LETTER_OF, readRow } from './index-row.ts';
import type { IndexedDeadLetter } from './index-row.ts';
import { readState } from './index-state.ts';
import type { IndexState } from './index-state.ts';
import { encodeMarker, MARKER_HEADERS, rangesOf } from './marker.ts';
import type { Settlement } from './marker.ts';

interface Deps {
  readonly scripts: IndexScripts;
  readonly topic: string;
  readonly mainTopic: string;
  readonly send: Send;
  readonly clock: Clock;
}

/** Offsets in one script. */
const AT_ONCE = 100;
/** Ranges in one marker: it stays far below what a topic takes. */
const RANGES_AT_ONCE = 5_000;

/** `gone`: retention took it. `none`: there is no dead letter, or it has not been read yet. */
export type Standing = 'open' | 'settled' | 'gone' | 'none';

/**
 * What is known of a route's dead letters: an index in Redis, read from the dead-letter topic itself. Any replica may ask
 * and settle; the topic is read by the replicas that own the route's shards (indexer.ts).
 */
export class DeadLetterIndex {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Says what became of dead letters of one partition: first to Kafka, in a marker, so that it outlives Redis; then to the
   * index. Those that were settled before keep their first settlement. `by`: the job or request.
   * @throws OrchestratorError NOT_READY, UNAVAILABLE: perhaps it is written and not yet in the index; it may be done again.
   */
  async settle(partition: number, offsets: Iterable<number>, how: Settlement, by: string): Promise<void> {
    const asked = [...new Set(offsets)];
    const before = await this.settledAmong(partition, asked);
    const left = asked.filter((offset) => !before.has(offset));
    const at = this.#deps.clock.now();
    const ranges = rangesOf(left);
    for (let i = 0; i < ranges.length; i += RANGES_AT_ONCE) {
      const value = encodeMarker({ settled: how, by, at, offsets: ranges.slice(i, i + RANGES_AT_ONCE) });
      await this.#write(partition, value);
    }
    await this.#settle(partition, left, how, at, by);
  }

  /**
   * Which of them nothing is to be done about any more: settled, a second copy of another dead letter, or gone with
   * retention. @throws OrchestratorError NOT_READY while the partition is being read anew.
   */
  async settledAmong(partition: number, offsets: Iterable<number>): Promise<ReadonlySet<number>> {
    const standings = await this.standings(partition, offsets);
    const done = [...standings].filter(([, standing]) => standing === 'settled' || standing === 'gone');
    return new Set(done.map(([offset]) => offset));
  }

  /** @throws OrchestratorError NOT_READY while the partition is being read anew. */
  async standings(partition: number, offsets: Iterable<number>): Promise<Map<number, Standing>> {
    const asked = [...offsets];
    const standings = new Map<number, Standing>();
    for (let i = 0; i < asked.length || i === 0; i += AT_ONCE) {
      const part = asked.slice(i, i + AT_ONCE);
      const [cursor, target, letters] = accepted(
        await this.#deps.scripts.run('statuses', partition, [partition, packOffsets(part)]),
      );
      if (Number(cursor) < Number(target)) throw notReady();
      const read = String(letters);
      for (const [n, offset] of part.entries()) standings.set(offset, STANDINGS[read[n] ?? '-'] ?? 'none');
    }
    return standings;
  }

  /** What the index keeps of one; null: nothing in detail. */
  async find(position: Position): Promise<IndexedDeadLetter | null> {
    const id = idOf(position);
    const [row] = accepted(await this.#deps.scripts.run('row', position.partition, [id]));
    const bytes = asBytes(row);
    return bytes.length === 0 ? null : readRow(id, bytes, this.#deps.mainTopic);
  }

  /** @throws OrchestratorError UNAVAILABLE where Redis does not answer. */
  async state(): Promise<IndexState> {
    return readState(await this.#deps.scripts.meta());
  }

  async #settle(
    partition: number,
    offsets: readonly number[],
    how: Settlement,
    at: number,
    by: string,
  ): Promise<void> {
    for (let i = 0; i < offsets.length; i += AT_ONCE) {
      const packed = packOffsets(offsets.slice(i, i + AT_ONCE));
      const args: Argument[] = ['', partition, '', LETTER_OF[how], at, by, packed];
      const [, ...twins] = accepted(await this.#deps.scripts.run('settle', partition, args));
      await this.settleTwins(twins, how, at, by);
    }
  }

  /** What a second copy is a copy of is settled with it. `ids`: as a script gave them. */
  async settleTwins(ids: readonly Reply[], how: Settlement, at: number, by: string): Promise<void> {
    for (const id of ids.map(asBytes)) {
      const partition = id.readUInt32BE(0);
      const args: Argument[] = ['', partition, '', LETTER_OF[how], at, by, id.subarray(4)];
      accepted(await this.#deps.scripts.run('settle', partition, args));
    }
  }

  async #write(partition: number, value: Buffer): Promise<void> {
    const { topic, send } = this.#deps;
    const result = await written(send, { topic, partition, key: null, value, headers: MARKER_HEADERS });
    if (result.kind !== 'written') {
      throw new OrchestratorError('UNAVAILABLE', `the marker could not be written: ${result.error.message}`, {
        cause: result.error,
        retryAfterMs: 1_000,
      });
    }
  }
}

const STANDINGS: Readonly<Record<string, Standing>> = { o: 'open', s: 'settled', g: 'gone', '-': 'none' };

/** @throws OrchestratorError NOT_READY */
export function accepted(reply: IndexReply): readonly Reply[] {
  if (reply.status === 'OK') return reply.result;
  throw notReady();
}

export function notReady(): OrchestratorError {
  return new OrchestratorError('NOT_READY', 'the index of dead letters is being read anew from the topic', {
    retryAfterMs: 1_000,
  });
}

export function packOffsets(offsets: readonly number[]): Buffer {
  const packed = Buffer.allocUnsafe(6 * offsets.length);
  for (const [i, offset] of offsets.entries()) packed.writeUIntBE(offset, 6 * i, 6);
  return packed;
}

export function asBytes(reply: Reply | undefined): Buffer {
  return Buffer.isBuffer(reply) ? reply : Buffer.alloc(0);
}
