import type { OnEvent } from './events.ts';
import {
  buildRetryRecord,
  isTooLarge,
  sizeOf,
  type PublishRetries,
  type RetryRecord,
} from './retry-record.ts';
import type { GivenHeaders } from './contract.ts';
import type { Task } from './task.ts';

export interface RetryPublisherOptions {
  publish: PublishRetries;
  /** What the retry topic and the producer accept. Larger records go without their value, and never make a publish fail. */
  maxRecordBytes: number | undefined;
  emit: OnEvent;
}

/** Up to here, no topic that took the record from its first producer refuses it with our headers on it. */
const SURELY_FITS = 256 * 1024;
const MAX_BATCH = 256;

export interface ToPublish {
  task: Task;
  headers: GivenHeaders;
}

/**
 * Publishes records of one key in their order. Several go out together only where none can be refused for its size:
 * no later record may be in the topic without the earlier ones.
 */
export class RetryPublisher {
  readonly #options: RetryPublisherOptions;

  constructor(options: RetryPublisherOptions) {
    this.#options = options;
  }

  /** Publishes a start of `list`, `alone` only its first, and resolves with how many. Rejects if Kafka did not acknowledge. */
  async publish(list: readonly ToPublish[], alone: boolean): Promise<number> {
    const batch: RetryRecord[] = [];
    for (const one of list.slice(0, alone ? 1 : MAX_BATCH)) {
      const record = this.#build(one);
      if (batch.length > 0 && !this.#fits(record)) break;
      batch.push(record);
      if (!this.#fits(record)) break;
    }
    try {
      await this.#options.publish(batch);
    } catch (error) {
      const [first] = list;
      if (batch.length !== 1 || first === undefined || !isTooLarge(error)) throw error;
      await this.#options.publish([this.#withoutValue(first)]);
    }
    return batch.length;
  }

  #build({ task, headers }: ToPublish): RetryRecord {
    const record = buildRetryRecord(task.record, headers, true);
    const limit = this.#options.maxRecordBytes;
    return limit !== undefined && sizeOf(record) > limit ? this.#withoutValue({ task, headers }) : record;
  }

  #fits(record: RetryRecord): boolean {
    return sizeOf(record) <= (this.#options.maxRecordBytes ?? SURELY_FITS);
  }

  #withoutValue({ task, headers }: ToPublish): RetryRecord {
    const { partition, offset } = task.record;
    this.#options.emit({ type: 'published-without-value', partition, offset });
    return buildRetryRecord(task.record, headers, false);
  }
}
