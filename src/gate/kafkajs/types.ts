/** What is used of the KafkaJS API, structurally: any client with these shapes will do. */
export interface KafkaJsRecord {
  key: Buffer | null;
  value: Buffer | null;
  timestamp: string;
  offset: string;
  headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
}

export interface EachMessageLike {
  topic: string;
  partition: number;
  message: KafkaJsRecord;
}

export interface EachBatchLike {
  batch: { topic: string; partition: number; messages: KafkaJsRecord[] };
  resolveOffset(offset: string): void;
  heartbeat(): Promise<void>;
  isStale(): boolean;
}

export interface PartitionOf {
  topic: string;
  partition: number;
}

/** The client's own `Consumer`; `_getInternalClient` is there in @confluentinc/kafka-javascript. */
export interface KafkaJsConsumerLike {
  commitOffsets(offsets: { topic: string; partition: number; offset: string }[]): Promise<void>;
  committed?(partitions: PartitionOf[], timeoutMs?: number): Promise<{ offset: string }[]>;
  _getInternalClient?(): unknown;
}
