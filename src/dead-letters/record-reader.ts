import type { KafkaRecord, Origin } from '../domain/record.ts';
import { OrchestratorError } from '../errors.ts';
import type { Range } from '../kafka/offsets.ts';
import type { FoundRecord } from '../kafka/place-reader.ts';
import type { Position } from './dead-letter.ts';

interface Deps {
  readonly topic: string;
  readonly read: (place: Origin) => Promise<FoundRecord>;
  /** First offsets and ends of the topic, asked of Kafka now. */
  readonly ranges: () => Promise<ReadonlyMap<number, Range>>;
}

/** Reads single records of a dead-letter topic, for those who look at them. */
export class RecordReader {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** null: there is no record, or none any more. @throws OrchestratorError UNAVAILABLE where Kafka does not answer in time. */
  async read({ partition, offset }: Position): Promise<KafkaRecord | null> {
    const { topic, read, ranges } = this.#deps;
    try {
      const range = (await ranges()).get(partition);
      if (range === undefined || offset < range.first || offset >= range.end) return null;
      const found = await read({ topic, partition, offset });
      return found.kind === 'read' ? found : null;
    } catch (cause) {
      throw new OrchestratorError('UNAVAILABLE', 'the dead-letter topic could not be read', {
        cause,
        retryAfterMs: 1_000,
      });
    }
  }
}
