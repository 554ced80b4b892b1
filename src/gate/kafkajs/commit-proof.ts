import type { GateClock } from '../clock.ts';
import { CommitReports, type CommittedPartition } from '../commit-reports.ts';
import type { KafkaJsConsumerLike } from './types.ts';

interface EmitsCommits {
  on(event: 'offset.commit', listener: (error: unknown, partitions: CommittedPartition[]) => void): unknown;
}

const TIMEOUT_MS = 10_000;

/**
 * Proves ownership by a commit of the place that is committed anyway. The promise of `commitOffsets` says nothing about
 * the broker's answer; the client underneath does, by an event.
 */
export function commitProof(
  consumer: KafkaJsConsumerLike,
  topic: string,
  clock: GateClock,
  nextOffset: (partition: number) => number | undefined,
): (partition: number) => Promise<boolean> {
  const reports = new CommitReports(clock, topic);
  let listening: unknown;
  return async (partition) => {
    const client = consumer._getInternalClient?.();
    // Another client library: there is no truth to be had, so the assignment has to do.
    if (!emitsCommits(client)) return true;
    if (listening !== client) {
      listening = client;
      client.on('offset.commit', (error, partitions) => {
        reports.report(error, partitions);
      });
    }
    const offset = nextOffset(partition) ?? (await committedOffset(consumer, topic, partition));
    if (offset === undefined) return false;
    const answer = reports.next(partition, TIMEOUT_MS);
    await consumer.commitOffsets([{ topic, partition, offset: String(offset) }]);
    return answer;
  };
}

async function committedOffset(
  consumer: KafkaJsConsumerLike,
  topic: string,
  partition: number,
): Promise<number | undefined> {
  const [committed] = (await consumer.committed?.([{ topic, partition }], TIMEOUT_MS)) ?? [];
  const offset = Number(committed?.offset ?? NaN);
  return Number.isSafeInteger(offset) && offset >= 0 ? offset : undefined;
}

function emitsCommits(client: unknown): client is EmitsCommits {
  return typeof client === 'object' && client !== null && 'on' in client && typeof client.on === 'function';
}
