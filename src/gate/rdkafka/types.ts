import type { CommittedPartition } from '../commit-reports.ts';
import type { GateRecord } from '../record.ts';

export interface TopicPartitionLike {
  topic: string;
  partition: number;
}

export type NodeCallback<Result> = (error: unknown, result?: Result) => void;

/** What is used of the RdKafka API's `KafkaConsumer`; some of it is not in the client's own types. */
export interface RdKafkaConsumerLike {
  connect(options: undefined, callback: (error: unknown) => void): unknown;
  disconnect(callback: (error: unknown) => void): unknown;
  subscribe(topics: string[]): unknown;
  unsubscribe(): unknown;
  consume(count: number, callback: NodeCallback<GateRecord[]>): void;
  commit(offsets: (TopicPartitionLike & { offset: number })[]): unknown;
  committed(
    partitions: TopicPartitionLike[],
    timeoutMs: number,
    callback: NodeCallback<{ offset?: number }[]>,
  ): unknown;
  queryWatermarkOffsets?(
    topic: string,
    partition: number,
    timeoutMs: number,
    callback: NodeCallback<{ lowOffset: number; highOffset: number }>,
  ): unknown;
  assign(partitions: TopicPartitionLike[]): unknown;
  unassign(): unknown;
  pause(partitions: TopicPartitionLike[]): unknown;
  resume(partitions: TopicPartitionLike[]): unknown;
  setDefaultConsumeTimeout(ms: number): void;
  setDefaultIsTimeoutOnlyForFirstMessage?(only: boolean): void;
  incrementalAssign?(partitions: TopicPartitionLike[]): unknown;
  incrementalUnassign?(partitions: TopicPartitionLike[]): unknown;
  rebalanceProtocol?(): string;
  assignmentLost?(): boolean;
}

/** What the runner needs in the consumer's configuration. */
export interface ConsumerCallbacks {
  rebalance_cb: (error: unknown, assignment: TopicPartitionLike[]) => void;
  offset_commit_cb: (error: unknown, partitions: CommittedPartition[]) => void;
  'enable.auto.commit': false;
  'enable.auto.offset.store': false;
}
