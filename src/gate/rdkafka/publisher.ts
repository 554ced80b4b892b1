import { headerList } from '../headers.ts';
import type { PublishRetries, RetryRecord } from '../retry-record.ts';

/** What is used of the RdKafka API's `Producer`. */
export interface RdKafkaProducerLike {
  produce(
    topic: string,
    partition: number,
    value: Buffer | null,
    key: Buffer | null,
    timestamp: number | null,
    opaque: unknown,
    headers: Record<string, Buffer | string>[],
  ): unknown;
  on(event: 'delivery-report', listener: (error: unknown, report: { opaque?: unknown }) => void): unknown;
}

class Pending {
  readonly settle: (error: unknown) => void;

  constructor(settle: (error: unknown) => void) {
    this.settle = settle;
  }
}

/**
 * Publishes through a connected producer of the RdKafka API. It must have been made with `dr_cb: true`,
 * `enable.idempotence: true` (hence acks=all) and no `partitioner` of its own business: partitions are given by number.
 */
export function rdKafkaPublisher(
  producer: RdKafkaProducerLike,
  { retryTopic }: { retryTopic: string },
): PublishRetries {
  producer.on('delivery-report', (error, report) => {
    // Others may use the same producer, with opaques of their own.
    if (report.opaque instanceof Pending) report.opaque.settle(error);
  });
  const produce = (record: RetryRecord): Promise<void> =>
    new Promise((resolve, reject) => {
      const pending = new Pending((error) => {
        if (error === undefined || error === null) resolve();
        else reject(asError(error));
      });
      const { partition, value, key, headers } = record;
      // Throws when the queue is full or the record too large; inside the executor that rejects.
      producer.produce(retryTopic, partition, value, key, null, pending, [...headerList(headers)]);
    });
  return async (records) => {
    const reports: Promise<void>[] = [];
    for (const record of records) {
      const report = produce(record);
      reports.push(report);
      // A record that was not even queued must not be followed by later ones.
      if (await refusedAtOnce(report)) break;
    }
    const settled = await Promise.allSettled(reports);
    for (const one of settled) if (one.status === 'rejected') throw asError(one.reason);
  };
}

/** Whether a promise is rejected already. */
async function refusedAtOnce(promise: Promise<void>): Promise<boolean> {
  const undecided = Symbol('undecided');
  try {
    await Promise.race([promise, Promise.resolve(undecided)]);
    return false;
  } catch {
    return true;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : Object.assign(new Error('publish failed'), { cause: error });
}
