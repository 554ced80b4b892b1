import type { RouteConfig } from '../config/config.ts';
import type { KafkaRecord } from '../domain/record.ts';
import type { PlaceReader } from '../kafka/place-reader.ts';
import { readDeadLetter } from './dead-letter.ts';
import type { DeadLetter, Position } from './dead-letter.ts';
import type { DeadLetterIndex, Standing } from './dead-letter-index.ts';
import type { IndexedDeadLetter } from './index-row.ts';
import type { IndexScripts } from './index-scripts.ts';
import type { IndexState } from './index-state.ts';
import type { RecordReader } from './record-reader.ts';
import { Listing } from './listing.ts';
import type { ListQuery, Page } from './listing.ts';
import { summarise } from './summary.ts';
import type { DeadLetterGroup } from './summary.ts';

interface Deps {
  readonly route: Pick<RouteConfig, 'name' | 'topic'>;
  readonly scripts: IndexScripts;
  readonly index: DeadLetterIndex;
  readonly records: Pick<RecordReader, 'read'>;
  readonly origins: Pick<PlaceReader, 'read'>;
  /** Of the dead-letter topic; 0: there is none now. */
  readonly partitions: () => number;
}

/** All of a dead letter. */
export interface DeadLetterView {
  readonly letter: DeadLetter;
  /** As it lies in the topic, with all its headers. */
  readonly record: KafkaRecord;
  /** null: the index does not have it in detail. */
  readonly row: IndexedDeadLetter | null;
  /** null: the index is being read anew. */
  readonly standing: Standing | null;
  /** Key and value, read at the origin where the record has them not. `gone`: it is not there any more, or not ours to read. */
  readonly payload:
    | { readonly kind: 'read'; readonly key: Buffer | null; readonly value: Buffer | null }
    | { readonly kind: 'gone' };
}

/** The dead letters of a route, as an operator sees them. */
export class DeadLetterDesk {
  readonly index: DeadLetterIndex;
  readonly #deps: Deps;
  readonly #listing: Listing;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.index = deps.index;
    this.#listing = new Listing({ scripts: deps.scripts, mainTopic: deps.route.topic });
  }

  /** Whether the topic has this partition. */
  has(partition: number): boolean {
    return partition < this.#deps.partitions();
  }

  /** None of a topic that has never been there. @throws OrchestratorError NOT_READY, UNAVAILABLE */
  async page(query: ListQuery): Promise<Page> {
    if (!this.has(0) && (await this.state()).partitions.length === 0) return { letters: [], next: null };
    return this.#listing.page(query);
  }

  /** Those of a key, whatever became of them, the newest first. @throws OrchestratorError NOT_READY, UNAVAILABLE */
  async ofKey(key: Buffer, limit: number): Promise<readonly IndexedDeadLetter[]> {
    const { letters } = await this.page({ filter: { key }, status: 'all', limit, after: null });
    return letters;
  }

  /** @throws OrchestratorError NOT_READY, UNAVAILABLE */
  async summary(): Promise<DeadLetterGroup[]> {
    if (!this.has(0) && (await this.state()).partitions.length === 0) return [];
    return summarise(this.#deps.scripts);
  }

  state(): Promise<IndexState> {
    return this.index.state();
  }

  /** null: there is no dead letter of this route. @throws OrchestratorError UNAVAILABLE where Kafka does not answer. */
  async view(position: Position): Promise<DeadLetterView | null> {
    const { partition, offset } = position;
    const record = await this.#deps.records.read(position);
    const letter = record && readDeadLetter(record, this.#deps.route.name);
    if (record === null || letter === null) return null;
    const [row, standings, payload] = await Promise.all([
      this.index.find(position).catch(() => null),
      this.index.standings(partition, [offset]).catch(() => null),
      this.#payloadOf(letter),
    ]);
    return { letter, record, row, standing: standings?.get(offset) ?? null, payload };
  }

  async #payloadOf(letter: DeadLetter): Promise<DeadLetterView['payload']> {
    const { origin, key, value, keyAtOrigin, valueAtOrigin } = letter;
    if (!valueAtOrigin || origin === null) return { kind: 'read', key, value };
    // Nobody makes this service read topics that are not the route's.
    if (origin.topic !== this.#deps.route.topic) return { kind: 'gone' };
    const there = await this.#deps.origins.read(origin);
    return there.kind === 'gone'
      ? there
      : { kind: 'read', key: keyAtOrigin ? there.key : key, value: there.value };
  }
}
